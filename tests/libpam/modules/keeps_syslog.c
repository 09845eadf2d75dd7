/* Stands before the C library (LD_PRELOAD) and keeps what a program sends to syslog in the file
 * $KEPT_SYSLOG, a line for each call, whether or not this machine has a syslog. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void keep(int priority, const char *format, va_list arguments)
{
    char text[2048], line[2200];
    int file = open(getenv("KEPT_SYSLOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    vsnprintf(text, sizeof text, format, arguments);
    int length = snprintf(line, sizeof line, "<%d> %s\n", priority & 7, text);
    if (file < 0 || write(file, line, length) != length)
        abort();
    close(file);
}

void syslog(int priority, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    keep(priority, format, arguments);
    va_end(arguments);
}

/* What a program calls that was compiled with _FORTIFY_SOURCE, as libpam is. */
void __syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list arguments;

    (void)flag;
    va_start(arguments, format);
    keep(priority, format, arguments);
    va_end(arguments);
}
