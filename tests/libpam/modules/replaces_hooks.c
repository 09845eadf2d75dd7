/* A PAM module that replaces the conversation and the delay function and puts neither back. */
#include <security/pam_modules.h>
#include <stdlib.h>

static struct pam_conv theirs;

static int forward(int count, const struct pam_message **messages, struct pam_response **responses,
                   void *appdata)
{
    (void)appdata;
    return theirs.conv(count, messages, responses, theirs.appdata_ptr);
}

static void no_delay(int status, unsigned microseconds, void *appdata)
{
    (void)status, (void)microseconds, (void)appdata;
}

int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    const struct pam_conv *current;
    struct pam_conv ours = {forward, NULL};

    (void)flags, (void)argc, (void)argv;
    if (pam_get_item(handle, PAM_CONV, (const void **)&current) != PAM_SUCCESS)
        return PAM_SERVICE_ERR;
    theirs = *current;
    pam_set_item(handle, PAM_CONV, &ours);
    pam_set_item(handle, PAM_FAIL_DELAY, (const void *)no_delay);
    return PAM_IGNORE;
}

int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)handle, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
