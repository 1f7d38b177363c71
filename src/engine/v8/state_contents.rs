//! What V8's heap snapshots don't show of objects, for the digest of a state: numbers in arrays, maps and sets, in dates and boxes, and that
//! modules export; the bytes of buffers, and what of them views show.

use super::wrap;
use crate::crypto::seal;
use std::cell::RefCell;
use std::ffi::c_void;
use std::mem::ManuallyDrop;

unsafe extern "C" {
    /// `v8::Isolate::GetHeapProfiler()`
    #[link_name = "_ZN2v87Isolate15GetHeapProfilerEv"]
    fn v8_heap_profiler(isolate: *mut c_void) -> *mut c_void;

    /// `v8::HeapProfiler::QueryObjects(Local<Context>, QueryObjectPredicate*, std::vector<Global<Object>>*)`
    #[link_name = "_ZN2v812HeapProfiler12QueryObjectsENS_5LocalINS_7ContextEEEPNS_20QueryObjectPredicateEPNSt4__Cr6vectorINS_6GlobalINS_6ObjectEEENS6_9allocatorISA_EEEE"]
    fn v8_query_objects(profiler: *mut c_void, context: Place, predicate: *const Predicate, list: *mut [usize; 3]);

    /// `v8::NumberObject::ValueOf() const`
    #[link_name = "_ZNK2v812NumberObject7ValueOfEv"]
    fn v8_number_of(object: Place) -> f64;
}

/// A handle as V8's functions take it.
pub(super) type Place = *const c_void;

/// `v8::QueryObjectPredicate`
#[repr(C)]
struct Predicate {
    table: &'static Functions,
}

/// Its virtual functions, in the order of the Itanium ABI.
#[repr(C)]
struct Functions {
    destroy: unsafe extern "C" fn(*mut c_void),
    delete: unsafe extern "C" fn(*mut c_void),
    filter: unsafe extern "C" fn(*mut c_void, Place) -> bool,
}

static FUNCTIONS: Functions = Functions { destroy: nothing, delete: nothing, filter: note };

thread_local! {
    /// The objects that were noted. Always taken out, so it need not be dropped, and is there also while the thread ends.
    static NOTED: RefCell<ManuallyDrop<Vec<Place>>> = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
}

/// Never called: V8 doesn't own the predicate.
unsafe extern "C" fn nothing(_predicate: *mut c_void) {}

/// Called by V8 for each object of the heap, whose handles live as long as the scope in which the objects are asked for.
///
/// # Safety
/// Called by V8 with its own arguments.
unsafe extern "C" fn note(_predicate: *mut c_void, object: Place) -> bool {
    // SAFETY: V8 gives a live handle.
    let value = unsafe { local::<v8::Value>(object) };
    if value.is_array()
        || value.is_arguments_object()
        || value.is_map()
        || value.is_set()
        || value.is_date()
        || value.is_number_object()
        || value.is_array_buffer()
        || value.is_array_buffer_view()
    {
        NOTED.with_borrow_mut(|noted| noted.push(object));
    }
    // No list of V8's own is needed.
    false
}

/// # Safety
/// The place is a live handle of this type, and remains so for as long as the result is used.
unsafe fn local<'s, T>(place: Place) -> v8::Local<'s, T> {
    // SAFETY: the type is a pointer under another name.
    unsafe { std::mem::transmute::<Place, v8::Local<'s, T>>(place) }
}

pub(super) fn place<T>(local: v8::Local<'_, T>) -> Place {
    std::ptr::from_ref(&*local).cast()
}

type Scope<'a, 's, 'i> = &'a mut v8::PinScope<'s, 'i>;

/// All such objects of the heap, reachable or not, with what they hold. The handles live as long as the scope.
pub(super) fn of_heap<'s>(scope: Scope<'_, 's, '_>) -> Vec<(Place, String)> {
    let context = place(scope.get_current_context());
    let predicate = Predicate { table: &FUNCTIONS };
    // An empty list, to which nothing is added.
    let mut list = [0; 3];
    // SAFETY: the isolate is entered, and all arguments are live.
    unsafe { v8_query_objects(v8_heap_profiler(wrap::address(scope)), context, &raw const predicate, &raw mut list) };
    let noted = ManuallyDrop::into_inner(NOTED.take());
    noted.into_iter().filter_map(|object| Some((object, contents(scope, object)?))).collect()
}

/// What a module exports, as far as it is no object.
pub(super) fn of_module(scope: Scope<'_, '_, '_>, module: v8::Local<'_, v8::Module>) -> Option<String> {
    if module.get_status() != v8::ModuleStatus::Evaluated {
        return None;
    }
    let namespace = v8::Local::<v8::Object>::try_from(module.get_module_namespace()).ok()?;
    let names = namespace.get_own_property_names(scope, v8::GetPropertyNamesArgs::default())?;
    let values = (0..names.length()).map(|index| {
        let name = names.get_index(scope, index)?;
        // All variables have values by now.
        Some(primitive(scope, namespace.get(scope, name)?))
    });
    Some(values.map(Option::unwrap_or_default).collect::<Vec<_>>().join(","))
}

fn contents(scope: Scope<'_, '_, '_>, object: Place) -> Option<String> {
    // SAFETY: `of_heap` gives live handles.
    let value = unsafe { local::<v8::Value>(object) };
    if value.is_array() || value.is_arguments_object() {
        return elements(scope, value);
    }
    if let Ok(map) = v8::Local::<v8::Map>::try_from(value) {
        let entries = map.as_array(scope);
        return Some(list(scope, entries));
    }
    if let Ok(set) = v8::Local::<v8::Set>::try_from(value) {
        let values = set.as_array(scope);
        return Some(list(scope, values));
    }
    if let Ok(date) = v8::Local::<v8::Date>::try_from(value) {
        return Some(bits(date.value_of()));
    }
    if let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(value) {
        return Some(format!("{}+{}", view.byte_offset(), view.byte_length()));
    }
    if let Ok(buffer) = v8::Local::<v8::ArrayBuffer>::try_from(value) {
        let len = buffer.byte_length();
        // SAFETY: the buffer has so many bytes, and no script runs meanwhile.
        let bytes = buffer.data().map(|data| unsafe { std::slice::from_raw_parts(data.as_ptr().cast::<u8>(), len) });
        let digest = seal(b"", &[bytes.unwrap_or_default()]);
        return Some(format!("{len}:{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()));
    }
    // SAFETY: it is the last of those that are noted.
    Some(bits(unsafe { v8_number_of(object) }))
}

/// The length of an array and those of its elements that are numbers. Runs no getter.
fn elements(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> Option<String> {
    let object = v8::Local::<v8::Object>::try_from(value).ok()?;
    let own = v8::GetPropertyNamesArgs {
        mode: v8::KeyCollectionMode::OwnOnly,
        property_filter: v8::PropertyFilter::ALL_PROPERTIES | v8::PropertyFilter::SKIP_SYMBOLS,
        index_filter: v8::IndexFilter::IncludeIndices,
        key_conversion: v8::KeyConversionMode::KeepNumbers,
    };
    let names = object.get_own_property_names(scope, own)?;
    let value_of = v8::String::new(scope, "value")?;
    let mut text =
        v8::Local::<v8::Array>::try_from(value).map_or_else(|_| String::new(), |array| array.length().to_string());
    for place in 0..names.length() {
        v8::scope!(let scope, scope);
        let name = names.get_index(scope, place)?;
        if !name.is_number() {
            continue;
        }
        let key = name.to_string(scope)?;
        let descriptor = object.get_own_property_descriptor(scope, key.into())?;
        let Ok(descriptor) = v8::Local::<v8::Object>::try_from(descriptor) else { continue };
        if descriptor.has_own_property(scope, value_of.into()) == Some(true) {
            let value = descriptor.get(scope, value_of.into())?;
            text += &format!(",{}={}", key.to_rust_string_lossy(scope), primitive(scope, value));
        }
    }
    Some(text)
}

/// The elements of an array that V8 made for this.
fn list(scope: Scope<'_, '_, '_>, array: v8::Local<'_, v8::Array>) -> String {
    let values = (0..array.length()).map(|index| array.get_index(scope, index).map(|value| primitive(scope, value)));
    values.map(Option::unwrap_or_default).collect::<Vec<_>>().join(",")
}

/// A value that is not seen in heap snapshots; others by their kind.
fn primitive(scope: Scope<'_, '_, '_>, value: v8::Local<'_, v8::Value>) -> String {
    if let Ok(number) = v8::Local::<v8::Number>::try_from(value) {
        return bits(number.value());
    }
    match value.is_object() || value.is_string() || value.is_symbol() {
        true => "-".to_owned(),
        false => value.to_rust_string_lossy(scope),
    }
}

/// A number, exactly.
fn bits(number: f64) -> String {
    if number.is_nan() { "NaN".to_owned() } else { format!("{:x}", number.to_bits()) }
}
