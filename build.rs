//! Links the shared library: only the header's functions are visible, and it stays in memory once loaded.

include!("scripts/link_arguments.rs");

/// Functions inside V8 whose calls go to those of `src/engine/v8` first that `wrap!` names.
const WRAPPED: [&str; 14] = [
    "_ZN2v88internal7Isolate13StackOverflowEv",
    "_ZN2v88internal22CanCompileWithBaselineEPNS0_7IsolateENS0_6TaggedINS0_18SharedFunctionInfoEEE",
    "_ZN2v88internal8Compiler16CompileOptimizedEPNS0_7IsolateENS0_12DirectHandleINS0_10JSFunctionEEENS0_15ConcurrencyModeENS0_8CodeKindE",
    "_ZN2v88internal8Compiler19CompileOptimizedOSREPNS0_7IsolateENS0_12DirectHandleINS0_10JSFunctionEEENS0_14BytecodeOffsetENS0_15ConcurrencyModeENS0_8CodeKindE",
    "_ZN2v88internal11Deoptimizer38DeoptimizeAllOptimizedCodeWithFunctionEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE",
    "_ZN2v88internal5Debug22PerformSideEffectCheckENS0_12DirectHandleINS0_10JSFunctionEEENS2_INS0_6ObjectEEE",
    "_ZN2v88internal5Debug32PerformSideEffectCheckAtBytecodeEPNS0_16InterpretedFrameE",
    "_ZNK2v88internal18UnoptimizedJSFrame23ReadInterpreterRegisterEi",
    "_ZN2v88internal7Factory20NewFunctionPrototypeENS0_12DirectHandleINS0_10JSFunctionEEE",
    "_ZN2v88internal25TemplateObjectDescription17GetTemplateObjectEPNS0_7IsolateENS0_12DirectHandleINS0_13NativeContextEEENS4_IS1_EENS4_INS0_18SharedFunctionInfoEEEi",
    "_ZN2v88internal13DebugEvaluate26FunctionGetSideEffectStateEPNS0_7IsolateENS0_12DirectHandleINS0_18SharedFunctionInfoEEE",
    "_ZN2v88internal11interpreter21BytecodeArrayIteratorC1ENS0_6HandleINS0_13BytecodeArrayEEEi",
    "_ZN2v88internal13DebugEvaluate21ApplySideEffectChecksENS0_6HandleINS0_13BytecodeArrayEEE",
    "_ZN2v88internal13DebugEvaluate25IsSideEffectFreeIntrinsicENS0_7Runtime10FunctionIdE",
];

fn main() {
    link_arguments("libjsv8.so.1");
    for function in WRAPPED {
        println!("cargo::rustc-link-arg=-Wl,--wrap={function}");
    }
}
