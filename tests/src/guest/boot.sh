#!/bin/sh
# Boots a Debian of which nothing is left when this process is killed, however that happens:
# its files are a tmpfs in a mount namespace, its processes live in a PID namespace.
#
#     boot.sh TARBALL FOLDER NAME
#
# FOLDER must exist; it is the mount point inside, and stays empty outside.
set -e

# A control group of its own: systemds that share one would meddle with each other.
enter_control_group() {
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ -e "$hierarchy/cgroup.procs" ] || continue
        mkdir -p "$hierarchy/$1"
        echo $$ > "$hierarchy/$1/cgroup.procs"
    done
}

boot() {
    mkdir -p /run/systemd
    mount -t tmpfs -o mode=0755 tmpfs /run/systemd
    mount -t tmpfs -o mode=0755 tmpfs "$2"
    tar --extract --preserve-permissions --numeric-owner --file "$1" --directory "$2"
    # The name of this machine came along; sudo wants one that resolves.
    echo guest > "$2/etc/hostname"
    echo '127.0.0.1 localhost guest' > "$2/etc/hosts"
    exec systemd-nspawn --directory="$2" --machine="$3" \
        --boot --register=no --keep-unit --private-network --resolv-conf=off
}

if [ "$4" = inside ]; then
    boot "$@"
else
    enter_control_group "$3"
    exec unshare --pid --fork --kill-child --mount-proc sh "$0" "$@" inside
fi
