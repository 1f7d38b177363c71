//! The app's modules: compiled to bytecode once, read into each interpreter.

use super::active;
use super::exception;
use super::interpreter::Interpreter;
use super::value::{Context, Problem, Value};
use crate::app::{self, App};
use crate::engine::Thrown;
use crate::error::Error;
use crate::status::jsep_status;
use rquickjs_sys as q;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::{Arc, Mutex, PoisonError};

/// The modules of one version of an app.
pub(super) struct Modules {
    app: Arc<App>,
    /// Bytecode by name with leading slash.
    bytecode: HashMap<String, Vec<u8>>,
    /// While the app is compiled: bytecode of modules as they are met, and the first error.
    compiling: Option<Mutex<Compiling>>,
}

#[derive(Default)]
struct Compiling {
    bytecode: HashMap<String, Vec<u8>>,
    error: Option<Error>,
}

impl Modules {
    /// Modules that are compiled as they are met.
    pub(super) fn compiling(app: Arc<App>) -> Modules {
        Modules { app, bytecode: HashMap::new(), compiling: Some(Mutex::default()) }
    }

    /// Ends compiling: what was met is kept.
    pub(super) fn compiled(self) -> Modules {
        let compiling = self.compiling.map(|compiling| compiling.into_inner().unwrap_or_else(PoisonError::into_inner));
        Modules { app: self.app, bytecode: compiling.unwrap_or_default().bytecode, compiling: None }
    }

    /// The first error that was met while compiling.
    pub(super) fn error(&self) -> Option<Error> {
        let compiling = self.compiling.as_ref()?;
        compiling.lock().unwrap_or_else(PoisonError::into_inner).error.clone()
    }

    fn note(&self, error: Error) {
        if let Some(compiling) = &self.compiling {
            compiling.lock().unwrap_or_else(PoisonError::into_inner).error.get_or_insert(error);
        }
    }

    /// Reads or compiles a module into a context; its imports are not looked at yet.
    fn load(&self, context: Context, name: &str) -> Result<*mut q::JSModuleDef, Problem> {
        let known = self.bytecode.get(name);
        let module = match known {
            // SAFETY: the context is live, and the bytecode was written by this version of QuickJS in this process.
            Some(bytecode) => context.own(unsafe {
                q::JS_ReadObject(context.0, bytecode.as_ptr(), bytecode.len() as _, q::JS_READ_OBJ_BYTECODE as c_int)
            })?,
            None => self.compile(context, name)?,
        };
        // SAFETY: the value is a module, which its context keeps alive without the reference.
        Ok(unsafe { q::JS_VALUE_GET_PTR(module.raw()) }.cast())
    }

    fn compile(&self, context: Context, name: &str) -> Result<Value, Problem> {
        let display = app::display_name(name);
        let missing = || {
            let message = format!("module '{display}' is not in the bundle");
            self.note(Error::new(jsep_status::JSEP_MODULE_MISSING, message.clone()));
            Problem::Throw(Thrown::type_error(message))
        };
        let source = self.app.module(name).ok_or_else(missing)?;
        let terminated = format!("{source}\0");
        let file = CString::new(display).map_err(|_| missing())?;
        // SAFETY: the context is live; the source ends with a NUL byte that its length does not count.
        let compiled = context.own(unsafe {
            q::JS_Eval(
                context.0,
                terminated.as_ptr().cast(),
                source.len() as _,
                file.as_ptr(),
                (q::JS_EVAL_TYPE_MODULE | q::JS_EVAL_FLAG_COMPILE_ONLY) as c_int,
            )
        });
        let module = match compiled {
            Ok(module) => module,
            Err(problem) => {
                let exception = context.exception();
                let (line, column) = exception::place(&exception);
                let reason = exception::describe(&exception).message;
                let message = format!("Failed to compile module '{display}': {reason}");
                self.note(Error::new(jsep_status::JSEP_MODULE_SYNTAX, message).at_module(display, line, column));
                // SAFETY: the context is live and takes the exception back.
                unsafe { q::JS_Throw(context.0, exception.into_raw()) };
                return Err(problem);
            }
        };
        self.keep(name, &module)?;
        Ok(module)
    }

    /// Keeps the bytecode of a module that was compiled at install.
    fn keep(&self, name: &str, module: &Value) -> Result<(), Problem> {
        let Some(compiling) = &self.compiling else {
            return Ok(());
        };
        let bytecode = module.bytecode()?;
        let mut compiling = compiling.lock().unwrap_or_else(PoisonError::into_inner);
        compiling.bytecode.insert(name.to_owned(), bytecode);
        Ok(())
    }
}

/// Loads, links and evaluates a module, and gives its exports. The promise may still be pending.
pub(super) fn import(interpreter: &Interpreter, name: &str) -> Result<Value, Problem> {
    let context = interpreter.context();
    let name = CString::new(app::display_name(name))
        .map_err(|_| Problem::Throw(Thrown::type_error("a module's name holds a NUL character")))?;
    // SAFETY: the context is live and the name ends with a NUL byte.
    context.own(unsafe { q::JS_LoadModule(context.0, c"".as_ptr(), name.as_ptr()) })
}

/// Lets a runtime find the modules of whatever runs in it.
pub(super) fn set_loader(runtime: *mut q::JSRuntime) {
    // SAFETY: the runtime is live; the callbacks find their state through it.
    unsafe { q::JS_SetModuleLoaderFunc(runtime, Some(normalize), Some(load), std::ptr::null_mut()) }
}

/// Asked by QuickJS what an import means: a new name from QuickJS's allocator.
unsafe extern "C" fn normalize(
    context: *mut q::JSContext,
    importer: *const c_char,
    specifier: *const c_char,
    _opaque: *mut c_void,
) -> *mut c_char {
    // SAFETY: QuickJS gives a live context and texts that end with NUL bytes; the copy is as long as what is allocated.
    unsafe {
        let importer = format!("/{}", CStr::from_ptr(importer).to_string_lossy());
        let name = app::resolve(&CStr::from_ptr(specifier).to_string_lossy(), &importer);
        let name = app::display_name(&name).as_bytes();
        let copy = q::js_malloc(context, (name.len() + 1) as _).cast::<u8>();
        if !copy.is_null() {
            std::ptr::copy_nonoverlapping(name.as_ptr(), copy, name.len());
            *copy.add(name.len()) = 0;
        }
        copy.cast()
    }
}

/// Asked by QuickJS for a module that it does not have yet.
unsafe extern "C" fn load(
    context: *mut q::JSContext,
    name: *const c_char,
    _opaque: *mut c_void,
) -> *mut q::JSModuleDef {
    let context = Context(context);
    // SAFETY: QuickJS gives a text that ends with a NUL byte.
    let name = format!("/{}", unsafe { CStr::from_ptr(name) }.to_string_lossy());
    let modules = active::with(context, |active| Ok(std::ptr::from_ref(active.modules)));
    // SAFETY: the modules live as long as the run, and are only read.
    let loaded = modules.map_err(Problem::Throw).and_then(|modules| unsafe { &*modules }.load(context, &name));
    match loaded {
        Ok(module) => module,
        Err(problem) => {
            context.give(Err(problem));
            std::ptr::null_mut()
        }
    }
}
