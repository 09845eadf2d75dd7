# Completion of axesctl for fish. What fits is said by axesctl itself.

function __axesctl_complete
    set -l current (commandline --current-token)
    for line in (axesctl __complete -- (commandline --cut-at-cursor --current-process --tokenize) "$current" 2>/dev/null)
        if test "$line" = '<files>'
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end

complete --command axesctl --no-files --keep-order --arguments '(__axesctl_complete)'
