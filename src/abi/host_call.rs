//! Calls of the host's functions.
//!
//! The compiler takes for granted that no exception leaves an `extern "C"` function, so one that does goes wherever the frames above happen to
//! let it. Here it ends the process, as the interface promises.

/// A function of the host that takes `Arguments`.
pub(super) trait HostCall<Arguments> {
    type Answer;

    /// Calls it. An exception that leaves it ends the process.
    ///
    /// # Safety
    /// As for the function itself.
    unsafe fn call_host(self, arguments: Arguments) -> Self::Answer;
}

/// Ends the process when it is dropped.
struct Barrier;

impl Drop for Barrier {
    fn drop(&mut self) {
        std::process::abort();
    }
}

macro_rules! functions_of {
    ($($argument:ident)*) => {
        impl<Answer, $($argument),*> HostCall<($($argument,)*)> for unsafe extern "C" fn($($argument),*) -> Answer {
            type Answer = Answer;

            #[allow(non_snake_case)]
            unsafe fn call_host(self, ($($argument,)*): ($($argument,)*)) -> Answer {
                // SAFETY: the same function, of which the compiler is told that an exception may leave it.
                let function: unsafe extern "C-unwind" fn($($argument),*) -> Answer = unsafe { std::mem::transmute(self) };
                let barrier = Barrier;
                // SAFETY: the caller's promise.
                let answer = unsafe { function($($argument),*) };
                std::mem::forget(barrier);
                answer
            }
        }
    };
}

functions_of!(A B);
functions_of!(A B C);
functions_of!(A B C D);
functions_of!(A B C D E);
functions_of!(A B C D E F);
