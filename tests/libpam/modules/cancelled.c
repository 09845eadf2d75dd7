/* A program whose thread is cancelled while it sits at the prompt, as one that gives up waiting
 * for an answer does: `cancelled PAM.D SERVICE`. Says what becomes of the next login. */
#include <pthread.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *folder, *service;
static int asked[2];

static int waits(int count, const struct pam_message **messages, struct pam_response **answers,
                 void *data)
{
    (void)count, (void)messages, (void)answers, (void)data;
    if (write(asked[1], "x", 1) != 1)
        abort();
    for (;;)
        pause();
}

static int types(int count, const struct pam_message **messages, struct pam_response **answers,
                 void *data)
{
    (void)messages, (void)data;
    *answers = calloc((size_t)count, sizeof **answers);
    for (int i = 0; i < count; i++)
        (*answers)[i].resp = strdup("wrong");
    return PAM_SUCCESS;
}

static void *log_in(void *conversation)
{
    struct pam_conv conv = { conversation, NULL };
    pam_handle_t *pamh = NULL;
    if (pam_start_confdir(service, "alice", &conv, folder, &pamh) != PAM_SUCCESS)
        abort();
    int code = pam_authenticate(pamh, 0);
    pam_end(pamh, code);
    return (void *)(long)code;
}

int main(int count, char **words)
{
    pthread_t thread;
    void *ended = NULL;
    char byte;
    if (count != 3 || pipe(asked) != 0)
        return 99;
    folder = words[1];
    service = words[2];
    if (pthread_create(&thread, NULL, log_in, waits) != 0 || read(asked[0], &byte, 1) != 1)
        return 99;
    if (pthread_cancel(thread) != 0 || pthread_join(thread, &ended) != 0)
        return 99;
    if (ended != PTHREAD_CANCELED)
        return 98;
    printf("cancelled, then %ld\n", (long)log_in(types));
    return 0;
}
