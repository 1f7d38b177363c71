//! Jobs, which promises leave.

/// Runs all jobs, unless the script has been ended: V8 would run them then as well. Whether the script goes on.
pub(super) fn run(scope: &mut v8::PinScope<'_, '_>) -> bool {
    if !scope.is_execution_terminating() {
        scope.perform_microtask_checkpoint();
    }
    !scope.is_execution_terminating()
}
