//! A PAM application: starts a handle on a service file of a private folder, answers prompts.

use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::path::Path;
use std::ptr;

pub use axes_application::describe;

/// `PAM_SUCCESS`
pub const SUCCESS: c_int = 0;
/// `PAM_AUTH_ERR`
pub const AUTH_ERR: c_int = 7;
/// `PAM_PERM_DENIED`
pub const PERM_DENIED: c_int = 6;
/// `PAM_AUTHINFO_UNAVAIL`
pub const AUTHINFO_UNAVAIL: c_int = 9;
/// `PAM_MAXTRIES`
pub const MAXTRIES: c_int = 11;
/// `PAM_CONV_ERR`
pub const CONV_ERR: c_int = 19;
/// `PAM_SILENT`
pub const SILENT: c_int = 0x8000;

const USER: c_int = 2;
const TTY: c_int = 3;
const RHOST: c_int = 4;
const CONV: c_int = 5;
const RUSER: c_int = 8;
const FAIL_DELAY: c_int = 10;
const PROMPTS: [c_int; 2] = [1, 2];

/// What the person at the prompt does.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Types this.
    Text(String),
    /// Presses ^C.
    Cancel,
    /// The process ends here, as when a terminal is closed.
    Exit,
    /// Types this in a fork of the process, which goes on to the verdict, then here.
    Fork(String),
    /// Waits this long, then types.
    Later(std::time::Duration, String),
}

/// What the person sees and does.
#[derive(Debug, Default)]
pub struct Person {
    answers: VecDeque<Answer>,
    /// Lines shown without a question.
    pub messages: Vec<String>,
    /// Questions.
    pub prompts: Vec<String>,
}

/// A handle of libpam.
pub struct Session {
    handle: *mut c_void,
    person: Box<Person>,
}

/// The function of an application in `PAM_FAIL_DELAY`.
pub type Delay = extern "C" fn(c_int, c_uint, *mut c_void);

#[repr(C)]
struct Conversation {
    function: extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int,
    appdata: *mut c_void,
}

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_close_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_chauthtok(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
    fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    fn pam_get_item(handle: *const c_void, item: c_int, value: *mut *const c_void) -> c_int;
    fn pam_putenv(handle: *mut c_void, assignment: *const c_char) -> c_int;
}

impl Session {
    /// `pam_start_confdir`; without a user the stack has to ask.
    pub fn start(folder: &Path, service: impl AsRef<[u8]>, user: Option<&str>) -> Self {
        let mut person = Box::<Person>::default();
        let conversation =
            Conversation { function: converse, appdata: (&raw mut *person).cast::<c_void>() };
        let user = user.map(c_string);
        let user = user.as_ref().map_or(ptr::null(), |user| user.as_ptr());
        let (service, folder) = (c_string(service), c_string(folder.display().to_string()));
        let mut handle = ptr::null_mut();
        let code = unsafe {
            pam_start_confdir(
                service.as_ptr(),
                user,
                &raw const conversation,
                folder.as_ptr(),
                &raw mut handle,
            )
        };
        assert_eq!(code, SUCCESS, "pam_start_confdir");
        Self { handle, person }
    }

    /// Sets `PAM_RHOST`.
    pub fn from(mut self, address: impl AsRef<[u8]>) -> Self {
        self.set(RHOST, address);
        self
    }

    /// Sets `PAM_TTY`.
    pub fn at(mut self, tty: impl AsRef<[u8]>) -> Self {
        self.set(TTY, tty);
        self
    }

    /// Sets `PAM_RUSER`.
    pub fn asked_by(mut self, user: impl AsRef<[u8]>) -> Self {
        self.set(RUSER, user);
        self
    }

    /// Puts a variable into the environment of the handle.
    pub fn with_environment(self, assignment: &str) -> Self {
        let assignment = c_string(assignment);
        assert_eq!(unsafe { pam_putenv(self.handle, assignment.as_ptr()) }, SUCCESS);
        self
    }

    /// Sets `PAM_FAIL_DELAY`.
    pub fn with_delay(self, delay: Delay) -> Self {
        let code = unsafe { pam_set_item(self.handle, FAIL_DELAY, delay as *const c_void) };
        assert_eq!(code, SUCCESS);
        self
    }

    /// `pam_authenticate`, with a person who answers like this.
    pub fn authenticate(&mut self, answers: impl IntoIterator<Item = Answer>) -> c_int {
        self.authenticate_with(answers, 0)
    }

    /// `pam_authenticate` with flags.
    pub fn authenticate_with(
        &mut self,
        answers: impl IntoIterator<Item = Answer>,
        flags: c_int,
    ) -> c_int {
        self.person.answers = answers.into_iter().collect();
        let process = std::process::id();
        let code = unsafe { pam_authenticate(self.handle, flags) };
        if std::process::id() != process {
            unsafe { pam_end(self.handle, code) };
            std::process::exit(code);
        }
        code
    }

    /// `pam_authenticate` with one typed password.
    pub fn try_password(&mut self, password: &str) -> c_int {
        self.authenticate([Answer::Text(password.to_owned())])
    }

    /// `pam_acct_mgmt`
    pub fn account(&mut self) -> c_int {
        unsafe { pam_acct_mgmt(self.handle, 0) }
    }

    /// `pam_setcred`
    pub fn credentials(&mut self) -> c_int {
        unsafe { pam_setcred(self.handle, 2) }
    }

    /// `pam_open_session`
    pub fn open(&mut self) -> c_int {
        unsafe { pam_open_session(self.handle, 0) }
    }

    /// `pam_close_session`
    pub fn close(&mut self) -> c_int {
        unsafe { pam_close_session(self.handle, 0) }
    }

    /// `pam_chauthtok`
    pub fn change_password(&mut self) -> c_int {
        unsafe { pam_chauthtok(self.handle, 0) }
    }

    /// What was shown and asked so far.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Whether conversation and delay are the application's own.
    pub fn is_untouched(&self, delay: Option<Delay>) -> bool {
        let conversation = self.get(CONV).cast::<Conversation>();
        let ours = unsafe { conversation.as_ref() }
            .is_some_and(|it| it.appdata.cast_const() == ptr::from_ref(&*self.person).cast());
        ours && self.get(FAIL_DELAY) == delay.map_or(ptr::null(), |delay| delay as *const c_void)
    }

    /// Sets `PAM_USER` to bytes that need not be UTF-8.
    pub fn named(mut self, user: &[u8]) -> Self {
        self.set(USER, user);
        self
    }

    fn set(&mut self, item: c_int, value: impl AsRef<[u8]>) {
        let value = c_string(value);
        let code = unsafe { pam_set_item(self.handle, item, value.as_ptr().cast()) };
        assert_eq!(code, SUCCESS, "pam_set_item {item}");
    }

    fn get(&self, item: c_int) -> *const c_void {
        let mut value = ptr::null();
        assert_eq!(unsafe { pam_get_item(self.handle, item, &raw mut value) }, SUCCESS);
        value
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        unsafe { pam_end(self.handle, SUCCESS) };
    }
}

fn c_string(text: impl AsRef<[u8]>) -> CString {
    CString::new(text.as_ref()).expect("no NUL")
}

extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    appdata: *mut c_void,
) -> c_int {
    let person = unsafe { &mut *appdata.cast::<Person>() };
    let count = usize::try_from(count).expect("a count");
    let array = unsafe { libc::calloc(count, size_of::<Response>()) }.cast::<Response>();
    for index in 0..count {
        let message = unsafe { &**messages.add(index) };
        let text = unsafe { CStr::from_ptr(message.text) }.to_string_lossy().into_owned();
        if !PROMPTS.contains(&message.style) {
            person.messages.push(text);
            continue;
        }
        person.prompts.push(text);
        let typed = match person.answers.pop_front() {
            Some(Answer::Text(text)) => text,
            Some(Answer::Later(time, text)) => {
                std::thread::sleep(time);
                text
            }
            Some(Answer::Fork(text)) => {
                let child = unsafe { libc::fork() };
                if child > 0 {
                    unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
                }
                text
            }
            Some(Answer::Exit) => unsafe { libc::_exit(0) },
            Some(Answer::Cancel) | None => {
                unsafe { libc::free(array.cast()) };
                return CONV_ERR;
            }
        };
        unsafe { (*array.add(index)).text = libc::strdup(c_string(&typed).as_ptr()) };
    }
    unsafe { *responses = array };
    SUCCESS
}
