//! Links the shared library: only the header's functions are visible, and it stays in memory once loaded.

include!("scripts/link_arguments.rs");

/// Functions inside V8 whose calls go to functions of `src/engine/v8` first, by `wrap!`: what the library needs to be what it is.
const WRAPPED: &[&str] = &[
    "_ZN2v812HeapProfiler16TakeHeapSnapshotERKNS0_19HeapSnapshotOptionsE",
    "_ZN2v88internal7Isolate13StackOverflowEv",
    "_ZNK2v88internal10HeapObject13CanBeRehashedEv",
    CHECKSUM,
    "_ZN2v88internal19TransitionsAccessor18ExpectedTransitionIhEENSt4__Cr4pairINS0_6HandleINS0_6StringEEENS5_INS0_3MapEEEEENS_4base6VectorIKT_EE",
    "_ZN2v88internal19TransitionsAccessor18ExpectedTransitionItEENSt4__Cr4pairINS0_6HandleINS0_6StringEEENS5_INS0_3MapEEEEENS_4base6VectorIKT_EE",
    "_ZN2v88internal18HeapObjectIteratorC1EPNS0_4HeapENS1_20HeapObjectsFilteringE",
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
    "v8__ValueSerializer__Delegate__ReallocateBufferMemory",
];

/// The same, to keep scripts within their limits.
const GUARDED: &[&str] = &[
    "_ZN2v88internal33Runtime_AllocateInYoungGenerationEiPmPNS0_7IsolateE",
    "_ZN2v88internal31Runtime_AllocateInOldGenerationEiPmPNS0_7IsolateE",
    "_ZN2v88internal24Runtime_SetKeyedPropertyEiPmPNS0_7IsolateE",
    "_ZN2v88internal19Runtime_GetPropertyEiPmPNS0_7IsolateE",
    "_ZN2v88internal19Runtime_HasPropertyEiPmPNS0_7IsolateE",
    "_ZN2v88internal22Runtime_DeletePropertyEiPmPNS0_7IsolateE",
    "_ZN2v88internal26Runtime_CreateDataPropertyEiPmPNS0_7IsolateE",
    "_ZN2v88internal25Runtime_GrowArrayElementsEiPmPNS0_7IsolateE",
    "_ZN2v88internal10StackGuard16HandleInterruptsENS1_14InterruptLevelE",
    "_ZN2v88internal27Runtime_BigIntEqualToBigIntEiPmPNS0_7IsolateE",
    "_ZN2v88internal27Runtime_BigIntEqualToStringEiPmPNS0_7IsolateE",
    "_ZN2v88internal29Runtime_BigIntCompareToStringEiPmPNS0_7IsolateE",
    "_ZN2v88internal22Runtime_BigIntToNumberEiPmPNS0_7IsolateE",
    "_ZN2v88internal19Runtime_StringEqualEiPmPNS0_7IsolateE",
    "_ZN2v88internal19Runtime_LoadIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal32Runtime_LoadIC_Miss_FromBaselineEiPmPNS0_7IsolateE",
    "_ZN2v88internal29Runtime_LoadNoFeedbackIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal31Runtime_LoadWithReceiverIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal41Runtime_LoadWithReceiverNoFeedbackIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal25Runtime_LoadGlobalIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal24Runtime_KeyedLoadIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal20Runtime_StoreIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal25Runtime_KeyedStoreIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal34Runtime_StoreInArrayLiteralIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal29Runtime_DefineKeyedOwnIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal23Runtime_KeyedHasIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal26Runtime_CloneObjectIC_MissEiPmPNS0_7IsolateE",
    "_ZN2v88internal30Runtime_ThrowCalledNonCallableEiPmPNS0_7IsolateE",
    "_ZN2v88internal21Runtime_BigIntUnaryOpEiPmPNS0_7IsolateE",
    "_ZN2v88internal25Runtime_DynamicImportCallEiPmPNS0_7IsolateE",
    "_ZN2v88internal19Runtime_DefineClassEiPmPNS0_7IsolateE",
    "_ZN2v88internal22Runtime_ForInEnumerateEiPmPNS0_7IsolateE",
    "_ZN2v88internal6regexp17BytecodeGenerator21CheckNotBackReferenceEibPNS0_5LabelE",
    "_ZN2v88internal6regexp17BytecodeGenerator31CheckNotBackReferenceIgnoreCaseEibbPNS0_5LabelE",
    #[cfg(target_arch = "x86_64")]
    "_ZN2v88internal6regexp23RegExpMacroAssemblerX6421CheckNotBackReferenceEibPNS0_5LabelE",
    #[cfg(target_arch = "x86_64")]
    "_ZN2v88internal6regexp23RegExpMacroAssemblerX6431CheckNotBackReferenceIgnoreCaseEibbPNS0_5LabelE",
    "_ZN2v88internal22Runtime_StringToNumberEiPmPNS0_7IsolateE",
    "_ZN2v88internal21Runtime_WasmTableFillEiPmPNS0_7IsolateE",
    "_ZN2v88internal21Runtime_WasmTableCopyEiPmPNS0_7IsolateE",
    "_ZN2v88internal21Runtime_WasmTableInitEiPmPNS0_7IsolateE",
    "_ZN2v88internal21Runtime_WasmArrayCopyEiPmPNS0_7IsolateE",
    "_ZN2v88internal28Runtime_WasmArrayInitSegmentEiPmPNS0_7IsolateE",
    "_ZN2v88internal4wasm19memory_fill_wrapperEmjmhm",
    "_ZN2v88internal4wasm19memory_copy_wrapperEmjjmmm",
    "_ZN2v88internal4wasm19memory_init_wrapperEmjmjjj",
    "_ZN2v88internal4wasm18array_fill_wrapperEmjjjjm",
    "_ZN2v88internal4wasm18array_copy_wrapperEmjmjj",
    "_ZN2v88internal6Object11GetPropertyEPNS0_14LookupIteratorEb",
    "_ZN2v88internal10JSReceiver11HasPropertyEPNS0_14LookupIteratorE",
    "_ZN2v88internal6Object11SetPropertyEPNS0_14LookupIteratorENS0_12DirectHandleIS1_EENS0_11StoreOriginENS_5MaybeINS0_11ShouldThrowEEE",
    "_ZN2v88internal10JSReceiver14DeletePropertyEPNS0_14LookupIteratorENS0_12LanguageModeE",
    "_ZN2v88internal6Object15ConvertToStringINS0_12DirectHandleEQsr3stdE16is_convertible_vIT_IS1_ENS3_IS1_EEEEENS4_INS0_6StringEE9MaybeTypeEPNS0_7IsolateES5_",
    "_ZN2v88internal6regexp16GlobalExecRunner9FetchNextEv",
    "_ZN2v88internal12BackingStore35TryAllocateAndPartiallyCommitMemoryEPNS0_7IsolateEmmmmmNS0_14WasmMemoryFlagENS_4base11StrongAliasINS0_13SharedFlagTagEbEENS6_INS0_18HasGuardRegionsTagEbEE",
    "_ZN2v88internal12BackingStore18AllocateWasmMemoryEPNS0_7IsolateEmmNS0_14WasmMemoryFlagENS_4base11StrongAliasINS0_13SharedFlagTagEbEE",
    "_ZN2v88internal12BackingStore21GrowWasmMemoryInPlaceEPNS0_7IsolateEmm",
    "_ZN2v88internal12BackingStoreD1Ev",
    "_ZN2v88internal21Runtime_StringToArrayEiPmPNS0_7IsolateE",
    "_ZN2v88internal19Runtime_StringSplitEiPmPNS0_7IsolateE",
    "_ZN2v88internal6RegExp7CompileEPNS0_7IsolateENS0_12DirectHandleINS0_8JSRegExpEEENS4_INS0_6StringEEENS_4base5FlagsINS0_6regexp4FlagEiiEEj",
    "_ZN2v88internal6RegExp12VerifySyntaxIhEEbPNS0_4ZoneEmPKT_iNS_4base5FlagsINS0_6regexp4FlagEiiEEPNSA_5ErrorERKNS0_25PerThreadAssertScopeEmptyILb0EJLNS0_19PerThreadAssertTypeE1ELSG_2EEEE",
    "_ZN2v88internal6RegExp12VerifySyntaxItEEbPNS0_4ZoneEmPKT_iNS_4base5FlagsINS0_6regexp4FlagEiiEEPNSA_5ErrorERKNS0_25PerThreadAssertScopeEmptyILb0EJLNS0_19PerThreadAssertTypeE1ELSG_2EEEE",
    "_ZN2v88internal10JsonParserIhE5ParseEPNS0_7IsolateENS0_6HandleINS0_6StringEEENS5_INS0_6ObjectEEENSt4__Cr8optionalINS0_13ScriptDetailsEEE",
    "_ZN2v88internal10JsonParserItE5ParseEPNS0_7IsolateENS0_6HandleINS0_6StringEEENS5_INS0_6ObjectEEENSt4__Cr8optionalINS0_13ScriptDetailsEEE",
    "_ZN2v88internal31Runtime_CreateListFromArrayLikeEiPmPNS0_7IsolateE",
    "_ZN2v88internal20Runtime_ArrayIndexOfEiPmPNS0_7IsolateE",
    "_ZN2v88internal10JSReceiver13GetOwnEntriesEPNS0_7IsolateENS0_12DirectHandleIS1_EENS0_14PropertyFilterEb",
    "_ZN2v88internal26Runtime_ArrayIncludes_SlowEiPmPNS0_7IsolateE",
    "_ZN2v88internal6String11LastIndexOfEPNS0_7IsolateENS0_12DirectHandleINS0_6ObjectEEES6_S6_",
    "_ZN2v88internal13JsonStringifyEPNS0_7IsolateENS0_6HandleINS0_5UnionIJNS0_3SmiENS0_10HeapNumberENS0_6BigIntENS0_6StringENS0_6SymbolENS0_7BooleanENS0_4NullENS0_9UndefinedENS0_10JSReceiverEEEEEESF_NS3_INS0_6ObjectEEE",
    "_ZN2v88internal4Intl9NormalizeEPNS0_7IsolateENS0_12DirectHandleINS0_6StringEEENS4_INS0_6ObjectEEE",
    "_ZN2v88internal49Runtime_FatalProcessOutOfMemoryInvalidArrayLengthEiPmPNS0_7IsolateE",
    "_ZN2v88internal24Runtime_FatalInvalidSizeEiPmPNS0_7IsolateE",
    "_ZN2v88internal44Runtime_FatalProcessOutOfMemoryInAllocateRawEiPmPNS0_7IsolateE",
    "_ZN2v88internal14KeyAccumulator7GetKeysEPNS0_7IsolateENS0_12DirectHandleINS0_10JSReceiverEEENS0_17KeyCollectionModeENS0_14PropertyFilterENS0_17GetKeysConversionEbb",
];

/// The checksum of blobs. Instrumented, it would take most of the time of an install.
const CHECKSUM: &str = "_ZN2v88internal8ChecksumENS_4base6VectorIKhEE";

fn main() {
    link_arguments("libjsv8.so.1");
    let has_guards = !cfg!(feature = "without_guards");
    if !has_guards {
        println!("cargo::warning=without guards, which is for measurements only");
    }
    let instrumented = std::env::var_os("JSEP_INSTRUMENTED").is_some();
    for function in WRAPPED.iter().filter(|function| !instrumented || **function != CHECKSUM) {
        println!("cargo::rustc-link-arg=-Wl,--wrap={function}");
    }
    for function in GUARDED {
        // Without guards V8 calls its own function, and the name that it would have had is one more for it.
        match has_guards {
            true => println!("cargo::rustc-link-arg=-Wl,--wrap={function}"),
            false => println!("cargo::rustc-link-arg=-Wl,--defsym=__real_{function}={function}"),
        }
    }
}
