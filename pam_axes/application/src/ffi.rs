//! The functions of libpam that an application calls. One call to C in each block.
#![expect(unsafe_code, reason = "the PAM edge")]

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::ptr;

use libc::{c_char, c_int, c_uint, c_void};

const SUCCESS: c_int = 0;
pub(crate) const SERVICE_ERR: c_int = 3;
const BUF_ERR: c_int = 5;
const CONV_ERR: c_int = 19;
const FAIL_DELAY: c_int = 10;
const PROMPT_ECHO_OFF: c_int = 1;
const PROMPT_ECHO_ON: c_int = 2;
/// `PAM_MAX_NUM_MSG`
const MAX_MESSAGES: usize = 32;

/// `struct pam_message`
#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

/// `struct pam_response`
#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

/// `struct pam_conv`
#[repr(C)]
struct Conversation {
    function: extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int,
    appdata: *mut c_void,
}

/// `pam_handle_t`
#[repr(C)]
struct PamHandle {
    _private: [u8; 0],
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        pamh: *mut *mut PamHandle,
    ) -> c_int;
    fn pam_set_item(pamh: *mut PamHandle, item: c_int, value: *const c_void) -> c_int;
    fn pam_authenticate(pamh: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_acct_mgmt(pamh: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_end(pamh: *mut PamHandle, status: c_int) -> c_int;
    fn pam_strerror(pamh: *mut PamHandle, code: c_int) -> *const c_char;
}

/// Whoever sits at the prompt.
pub(crate) struct Person {
    answer: CString,
    answered: Cell<usize>,
}

impl Person {
    pub(crate) const fn who_types(answer: CString) -> Self {
        Self { answer, answered: Cell::new(0) }
    }

    pub(crate) const fn answered(&self) -> usize {
        self.answered.get()
    }
}

/// A transaction.
pub(crate) struct Handle<'a> {
    pamh: *mut PamHandle,
    last: c_int,
    /// libpam holds a pointer to the person until the end.
    person: PhantomData<&'a Person>,
}

impl<'a> Handle<'a> {
    /// `pam_start_confdir`; without a folder it is `pam_start`.
    pub(crate) fn start(
        service: &CStr,
        user: &CStr,
        folder: Option<&CStr>,
        person: &'a Person,
    ) -> Result<Self, c_int> {
        let appdata = ptr::from_ref(person).cast_mut().cast();
        let conversation = Conversation { function: converse, appdata };
        let folder = folder.map_or(ptr::null(), CStr::as_ptr);
        let mut pamh = ptr::null_mut();
        let conversation = &raw const conversation;
        // SAFETY: texts end with NUL, the folder is one or null; libpam copies all of it, and the
        // person outlives the handle.
        let code = unsafe {
            pam_start_confdir(service.as_ptr(), user.as_ptr(), conversation, folder, &raw mut pamh)
        };
        if code == SUCCESS && !pamh.is_null() {
            Ok(Self { pamh, last: SUCCESS, person: PhantomData })
        } else {
            Err(code)
        }
    }

    /// The code of the phase that ended it.
    pub(crate) fn authenticate_and_account(&mut self) -> c_int {
        let delay: extern "C" fn(c_int, c_uint, *mut c_void) = no_delay;
        // SAFETY: the handle is alive; the item is a pointer to a function of this type.
        self.last = unsafe { pam_set_item(self.pamh, FAIL_DELAY, delay as *const c_void) };
        if self.last == SUCCESS {
            // SAFETY: the handle is alive.
            self.last = unsafe { pam_authenticate(self.pamh, 0) };
        }
        if self.last == SUCCESS {
            // SAFETY: the handle is alive.
            self.last = unsafe { pam_acct_mgmt(self.pamh, 0) };
        }
        self.last
    }
}

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is alive, and used for the last time.
        unsafe { pam_end(self.pamh, self.last) };
    }
}

pub(crate) fn describe(code: c_int) -> String {
    // SAFETY: Linux-PAM does not look at the handle.
    let text = unsafe { pam_strerror(ptr::null_mut(), code) };
    if text.is_null() {
        return format!("code {code}");
    }
    // SAFETY: a text of libpam that ends with NUL and is never changed.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// What `PAM_FAIL_DELAY` calls instead of sleeping.
extern "C" fn no_delay(_status: c_int, _time: c_uint, _appdata: *mut c_void) {}

extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    appdata: *mut c_void,
) -> c_int {
    // SAFETY: the pointer that `start` handed out; the person outlives the handle.
    let person = unsafe { appdata.cast::<Person>().as_ref() };
    let (Some(person), Ok(count)) = (person, usize::try_from(count)) else {
        return CONV_ERR;
    };
    if messages.is_null() || responses.is_null() || !(1..=MAX_MESSAGES).contains(&count) {
        return CONV_ERR;
    }
    // SAFETY: at most 32 of a small struct; null when there is no memory.
    let array = unsafe { libc::calloc(count, size_of::<Response>()) }.cast::<Response>();
    if array.is_null() {
        return BUF_ERR;
    }
    for index in (0..count).filter(|index| is_question(messages, *index)) {
        // SAFETY: below the length of the array.
        let place = unsafe { array.add(index) };
        // SAFETY: a text that ends with NUL; libpam frees the copy.
        let text = unsafe { libc::strdup(person.answer.as_ptr()) };
        // SAFETY: inside the array, which calloc made for this type.
        unsafe { place.write(Response { text, code: 0 }) };
        person.answered.set(person.answered.get() + 1);
    }
    // SAFETY: libpam gives the place for the array, and owns it from now on.
    unsafe { responses.write(array) };
    SUCCESS
}

fn is_question(messages: *mut *const Message, index: usize) -> bool {
    // SAFETY: Linux-PAM passes an array of as many pointers as it says; `index` is below that.
    let place = unsafe { messages.add(index) };
    // SAFETY: as above.
    let message = unsafe { place.read() };
    // SAFETY: each points to a message, or is null, which is None.
    let message = unsafe { message.as_ref() };
    message.is_some_and(|message| matches!(message.style, PROMPT_ECHO_OFF | PROMPT_ECHO_ON))
}
