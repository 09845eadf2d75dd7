//! What pam-bindings does not offer: the two items that are functions, the environment of the
//! handle, and the log. One call to C in each block.
#![expect(unsafe_code, reason = "the PAM edge")]

use std::ffi::{CStr, CString};
use std::ptr;
use std::time::Duration;

use libc::{c_char, c_int, c_uint, c_void};
use pam::module::PamHandle;

const PAM_CONV: c_int = 5;
const PAM_FAIL_DELAY: c_int = 10;
pub(crate) const PAM_SUCCESS: c_int = 0;
pub(crate) const PAM_CONV_ERR: c_int = 19;
const PAM_PROMPT_ECHO_OFF: c_int = 1;
const PAM_PROMPT_ECHO_ON: c_int = 2;
const PAM_RADIO_TYPE: c_int = 5;
const PAM_ERROR_MSG: c_int = 3;
/// `PAM_MAX_NUM_MSG`
const MAX_MESSAGES: usize = 32;

/// `struct pam_message`
#[repr(C)]
pub(crate) struct Message {
    style: c_int,
    text: *const c_char,
}

/// `struct pam_response`
#[repr(C)]
pub(crate) struct Response {
    text: *mut c_char,
    code: c_int,
}

/// The function in `struct pam_conv`. It may be left by a forced unwind: some modules ask from a
/// thread that they cancel.
pub(crate) type Converse = unsafe extern "C-unwind" fn(
    c_int,
    *mut *const Message,
    *mut *mut Response,
    *mut c_void,
) -> c_int;

/// The function in the item `PAM_FAIL_DELAY`.
pub(crate) type Delay = unsafe extern "C" fn(c_int, c_uint, *mut c_void);

/// `struct pam_conv`
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversation {
    pub(crate) function: Option<Converse>,
    pub(crate) appdata: *mut c_void,
}

/// A code other than `PAM_SUCCESS`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused(pub(crate) c_int);

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_get_item(pamh: *const PamHandle, item: c_int, value: *mut *const c_void) -> c_int;
    fn pam_set_item(pamh: *mut PamHandle, item: c_int, value: *const c_void) -> c_int;
    fn pam_getenv(pamh: *mut PamHandle, name: *const c_char) -> *const c_char;
    fn pam_syslog(pamh: *const PamHandle, priority: c_int, format: *const c_char, ...);
}

/// The conversation of the handle, copied: libpam frees it when another is set.
pub(crate) fn conversation(pamh: &PamHandle) -> Option<Conversation> {
    let item = get_item(pamh, PAM_CONV)?.cast::<Conversation>();
    // SAFETY: PAM_CONV is a valid struct pam_conv, or null, until it is set again.
    unsafe { item.as_ref() }.copied()
}

/// Replaces the conversation; libpam keeps a copy.
pub(crate) fn set_conversation(
    pamh: &mut PamHandle,
    conversation: &Conversation,
) -> Result<(), Refused> {
    set_item(pamh, PAM_CONV, ptr::from_ref(conversation).cast())
}

/// The delay function of the application; null when it has none.
pub(crate) fn delay(pamh: &PamHandle) -> *const c_void {
    get_item(pamh, PAM_FAIL_DELAY).unwrap_or(ptr::null())
}

/// Sets the delay function, or takes it away with null.
pub(crate) fn set_delay(pamh: &mut PamHandle, delay: *const c_void) -> Result<(), Refused> {
    set_item(pamh, PAM_FAIL_DELAY, delay)
}

/// A function pointer as PAM items carry it.
pub(crate) fn as_item(delay: Delay) -> *const c_void {
    delay as *const c_void
}

/// Calls a delay function that came out of `PAM_FAIL_DELAY`.
pub(crate) fn call_delay(item: *const c_void, status: c_int, time: c_uint, appdata: *mut c_void) {
    // SAFETY: PAM_FAIL_DELAY holds a pointer to a function of this type, or null, which is None.
    let delay = unsafe { std::mem::transmute::<*const c_void, Option<Delay>>(item) };
    if let Some(delay) = delay {
        // SAFETY: called as libpam would: final status, microseconds, the application's pointer.
        unsafe { delay(status, time, appdata) }
    }
}

/// Forwards a conversation to whoever it belongs to.
pub(crate) fn converse(
    conversation: &Conversation,
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
) -> c_int {
    let Some(function) = conversation.function else {
        return PAM_CONV_ERR;
    };
    // SAFETY: the arguments are those that libpam or a module gave for this very call.
    unsafe { function(count, messages, responses, conversation.appdata) }
}

/// Shows a line to the person at the prompt.
pub(crate) fn show_error(conversation: &Conversation, text: &str) {
    let Ok(text) = CString::new(text) else { return };
    let message = Message { style: PAM_ERROR_MSG, text: text.as_ptr() };
    let mut messages = ptr::from_ref(&message);
    let mut responses = ptr::null_mut();
    converse(conversation, 1, &raw mut messages, &raw mut responses);
    discard(responses, 1);
}

/// Which of the messages ask for an answer.
pub(crate) fn prompts(count: c_int, messages: *mut *const Message) -> Vec<usize> {
    (0..bounded(count)).filter(|index| is_prompt(messages, *index)).collect()
}

/// Whether a response holds an answer.
pub(crate) fn is_answered(responses: *mut *mut Response, index: usize) -> bool {
    response(responses, index).is_some_and(|response| !response.text.is_null())
}

/// Wipes and frees all responses, and leaves null behind.
pub(crate) fn wipe(responses: *mut *mut Response, count: c_int) {
    // SAFETY: libpam and modules give a valid pointer, or null, which is None.
    if let Some(array) = unsafe { responses.as_mut() } {
        discard(std::mem::replace(array, ptr::null_mut()), bounded(count));
    }
}

/// A variable of the PAM environment.
pub(crate) fn getenv<'a>(pamh: &'a PamHandle, name: &CStr) -> Option<&'a CStr> {
    let handle = ptr::from_ref(pamh).cast_mut();
    // SAFETY: reads from the handle only, in spite of its signature; the name ends with NUL.
    let value = unsafe { pam_getenv(handle, name.as_ptr()) };
    // SAFETY: null, or a string that the handle owns until its environment changes.
    (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) })
}

/// A line for the authpriv log, under the service of the handle.
pub(crate) fn log(pamh: &PamHandle, priority: c_int, text: &str) {
    let Ok(text) = CString::new(text) else { return };
    // SAFETY: "%s" takes one string that ends with NUL.
    unsafe { pam_syslog(pamh, priority, c"%s".as_ptr(), text.as_ptr()) }
}

/// A line for the authpriv log where no handle is at hand; keeps the ident of the host.
pub(crate) fn log_without_handle(text: &str) {
    let Ok(text) = CString::new(text) else { return };
    // SAFETY: "%s" takes one string that ends with NUL.
    unsafe { libc::syslog(libc::LOG_AUTHPRIV | libc::LOG_CRIT, c"%s".as_ptr(), text.as_ptr()) }
}

/// The user whose rights this program has.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Sleeps for a time, or until a signal comes.
pub(crate) fn interruptible_sleep(time: Duration) {
    let seconds = libc::time_t::try_from(time.as_secs()).unwrap_or(0);
    let request = libc::timespec { tv_sec: seconds, tv_nsec: time.subsec_nanos().into() };
    // SAFETY: a valid time to sleep, and no interest in what is left of it.
    unsafe { libc::nanosleep(&raw const request, ptr::null_mut()) };
}

/// The handle that an attempt was begun on, from inside a callback of libpam.
pub(crate) fn handle<'a>(pamh: *mut PamHandle) -> Option<&'a mut PamHandle> {
    // SAFETY: libpam calls back with the handle alive; the type is opaque and has no size.
    unsafe { pamh.as_mut() }
}

/// What a pointer that this module itself handed to libpam points to.
///
/// # Safety
///
/// `pointer` is null or points to a `T` that lives until the callback returns.
pub(crate) unsafe fn own<'a, T>(pointer: *const T) -> Option<&'a T> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }
}

fn get_item(pamh: &PamHandle, item: c_int) -> Option<*const c_void> {
    let mut value = ptr::null();
    // SAFETY: the handle is valid, and so is the place for the value.
    let code = unsafe { pam_get_item(pamh, item, &raw mut value) };
    (code == PAM_SUCCESS).then_some(value)
}

fn set_item(pamh: &mut PamHandle, item: c_int, value: *const c_void) -> Result<(), Refused> {
    // SAFETY: the handle is valid; the value is of the type that the item has.
    let code = unsafe { pam_set_item(pamh, item, value) };
    if code == PAM_SUCCESS { Ok(()) } else { Err(Refused(code)) }
}

fn bounded(count: c_int) -> usize {
    usize::try_from(count).unwrap_or(0).min(MAX_MESSAGES)
}

fn is_prompt(messages: *mut *const Message, index: usize) -> bool {
    if messages.is_null() {
        return false;
    }
    // SAFETY: Linux-PAM passes an array of `count` pointers, and `index` is below it.
    let place = unsafe { messages.add(index) };
    // SAFETY: as above.
    let message = unsafe { place.read() };
    // SAFETY: each points to a message, or is null, which is None.
    let message = unsafe { message.as_ref() };
    message.is_some_and(|message| {
        matches!(message.style, PAM_PROMPT_ECHO_OFF | PAM_PROMPT_ECHO_ON | PAM_RADIO_TYPE)
    })
}

fn response<'a>(responses: *mut *mut Response, index: usize) -> Option<&'a mut Response> {
    // SAFETY: libpam and modules give a valid pointer, or null, which is None.
    let array = *unsafe { responses.as_ref() }?;
    if array.is_null() {
        return None;
    }
    // SAFETY: the application allocated one response for each message; `index` is below that.
    let place = unsafe { array.add(index) };
    // SAFETY: as above.
    unsafe { place.as_mut() }
}

fn discard(mut array: *mut Response, count: usize) {
    for index in 0..count {
        if let Some(response) = response(&raw mut array, index) {
            erase(std::mem::replace(&mut response.text, ptr::null_mut()));
        }
    }
    // SAFETY: PAM's contract: the application allocated the array with malloc and gave it away.
    unsafe { libc::free(array.cast()) }
}

fn erase(text: *mut c_char) {
    if text.is_null() {
        return;
    }
    // SAFETY: an answer ends with NUL.
    let length = unsafe { libc::strlen(text) };
    // SAFETY: that many bytes belong to the answer; the call is not optimised away.
    unsafe { libc::explicit_bzero(text.cast(), length) };
    // SAFETY: PAM's contract: allocated with malloc and given away.
    unsafe { libc::free(text.cast()) }
}
