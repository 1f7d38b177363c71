//! What this library inserts into the sources of QuickJS.
//!
//! QuickJS looks whether a script is to end once in so many turns of its loops and calls. Its own functions go through lists without a
//! look, however long a list says it is, and one search of a text can take hours. So with these insertions each element of a list that
//! takes a lookup is a turn too, what takes longer counts for many turns, and texts are searched and normalized in linear time.

/// A text, and what it is inserted before.
pub struct Insertion {
    text: &'static str,
    before: &'static str,
    /// How often the file has that place.
    times: usize,
}

const fn insertion(text: &'static str, before: &'static str) -> Insertion {
    Insertion { text, before, times: 1 }
}

/// The files that are compiled with insertions.
pub const FILES: [(&str, &[Insertion]); 3] =
    [("quickjs.c", ENGINE), ("libregexp.c", EXPRESSIONS), ("libunicode.c", UNICODE)];

/// How many turns there are between two looks, and how work is counted that grows with a length. The count may get below zero, but only
/// so far that it can't overflow; nothing ends where it is counted, but at the next turn.
const COUNT: &str = "#undef JS_INTERRUPT_COUNTER_INIT
#define JS_INTERRUPT_COUNTER_INIT 200
#define COUNT_WORK(ctx, length) ((ctx)->interrupt_counter -= (ctx)->interrupt_counter > 0 ? (int)((length) >> 10) : 0)

static inline int js_poll_interrupts(JSContext *ctx);

";

/// One object of a chain of prototypes.
const STEP: &str = "ctx->interrupt_counter--;\n";
const STEP_OF_INSTRUCTION: &str = "if (js_poll_interrupts(ctx))\n    goto exception;\n";

/// Refuses a function whose code is not all there.
const NO_CODE: &str =
    "    if (dbuf_error(&fd->byte_code)) {\n        JS_ThrowOutOfMemory(ctx);\n        goto fail;\n    }\n";

/// Declares the search of `search.rs`.
const SEARCH: &str = "int64_t jsquickjs_search(const void *text, int64_t text_length, bool text_is_wide,
                         const void *part, int64_t part_length, bool part_is_wide, int64_t from, bool backward);

static int64_t string_search(JSString *text, JSString *part, int64_t from, bool backward)
{
    return jsquickjs_search(strv(text), text->len, text->is_wide_char, strv(part), part->len, part->is_wide_char,
                            from, backward);
}

";

const ENGINE: &[Insertion] = &[
    insertion(COUNT, "struct JSContext {\n    JSGCObjectHeader header;"),
    // A script that is to end is ended at its next turn too, and at each after it: promises keep what ended a function for
    // those who wait for them, and what called it goes on.
    insertion(
        "            ctx->interrupt_counter = 1;\n",
        "            return -1;\n        }\n    }\n    return 0;\n}\n\nstatic inline __exception int js_poll_interrupts",
    ),
    // Elements that are read, written and deleted otherwise than in an array's memory.
    insertion(
        "    if (js_poll_interrupts(ctx)) {\n        *pval = JS_EXCEPTION;\n        return -1;\n    }\n",
        "    val = JS_EXCEPTION;\n    present = -1;\n    prop = JS_NewAtomInt64(ctx, idx);",
    ),
    insertion(
        "    if (js_poll_interrupts(ctx))\n        return JS_EXCEPTION;\n",
        "    prop = JS_NewAtomInt64(ctx, idx);\n    if (prop == JS_ATOM_NULL)\n        return JS_EXCEPTION;",
    ),
    insertion(
        "    if (js_poll_interrupts(ctx)) {\n        JS_FreeValue(ctx, val);\n        return -1;\n    }\n",
        "    if ((uint64_t)idx <= INT32_MAX) {\n        /* fast path for fast arrays */",
    ),
    insertion(
        "    if (js_poll_interrupts(ctx))\n        return -1;\n",
        "    if ((uint64_t)idx <= JS_ATOM_MAX_INT) {\n        /* fast path for fast arrays */\n        return JS_DeleteProperty",
    ),
    // Elements that are searched in an array's memory.
    insertion(
        "                if (js_poll_interrupts(ctx))\n                    goto exception;\n",
        "                if (js_strict_eq2(ctx, argv[0], arrp[n],\n                                  JS_EQ_SAME_VALUE_ZERO)) {",
    ),
    insertion(
        "                if (js_poll_interrupts(ctx))\n                    goto exception;\n",
        "                if (js_strict_eq2(ctx, argv[0], arrp[n], JS_EQ_STRICT)) {",
    ),
    insertion(
        "                if (js_poll_interrupts(ctx))\n                    goto exception;\n",
        "                if (js_strict_eq2(ctx, argv[0], arrp[n],\n                                  JS_EQ_STRICT)) {",
    ),
    // Iterators of the language that have each other for their source, and need neither loop nor call of a script.
    insertion(
        "            if (js_check_stack_overflow(ctx->rt, 0)) {
                JS_ThrowStackOverflow(ctx);
                goto fail;
            }
            if (js_poll_interrupts(ctx))
                goto fail;\n",
        "            func = p->u.cfunc.c_function;\n            return func.iterator_next(",
    ),
    // Names that a proxy tells, each of which is looked up among all.
    insertion(
        "        COUNT_WORK(ctx, i);\n        if (js_poll_interrupts(ctx))\n            goto fail;\n",
        "        if (find_prop_key(tab, i, tab[i].atom) >= 0) {",
    ),
    insertion(
        "                    COUNT_WORK(ctx, len);\n                    if (js_poll_interrupts(ctx))\n                        goto fail;\n",
        "                    idx = find_prop_key(tab, len, tab2[i].atom);",
    ),
    // Sources: parts that are read again and again to know what they are, and names that are looked up among all parameters.
    insertion(
        "    if (js_poll_interrupts(s->ctx))\n        return -1;\n",
        "    free_token(s, &s->token);\n\n    p = s->last_ptr = s->buf_ptr;\n    s->got_lf = false;\n    s->last_line_num",
    ),
    insertion(
        "        COUNT_WORK(ctx, s->arg_count + s->var_count);\n        if (js_poll_interrupts(ctx))\n            goto fail;\n",
        "        op = bc_buf[pos];\n        len = opcode_info[op].size;\n        pos_next = pos + len;\n        switch(op) {\n        case OP_source_loc:\n            line_num = get_u32(bc_buf + pos + 1);\n            col_num = get_u32(bc_buf + pos + 5);\n            s->source_loc_size++;",
    ),
    // A source for whose code no memory is left: what was made of it is no code.
    insertion(
        "                if (!new_buf)\n                    dbuf_set_error(&fd->byte_code);\n",
        "                if (!new_buf)\n                    return -1;\n                memcpy(new_buf, fd->scopes,",
    ),
    insertion(
        "                if (!new_buf)\n                    dbuf_set_error(&fd->byte_code);\n",
        "                if (!new_buf)\n                    return -1;\n            }\n            fd->scopes = new_buf;",
    ),
    insertion(
        "        if (dbuf_error(&fd->byte_code))\n            return;\n",
        "        emit_op(s, OP_leave_scope);\n        emit_u16(s, scope);\n        fd->scope_level = fd->scopes[scope].parent;",
    ),
    insertion(NO_CODE, "    if (resolve_variables(ctx, fd))\n        goto fail;"),
    insertion(NO_CODE, "    if (resolve_labels(ctx, fd))\n        goto fail;"),
    // Lists in lists, which may be many without an element.
    insertion(
        "                if (js_poll_interrupts(ctx))\n                    goto fail;\n",
        "                targetIndex = JS_FlattenIntoArray(ctx, target, element,",
    ),
    // Comparisons of a sort, and digits of a number.
    insertion("    if (js_poll_interrupts(ctx))\n        goto exception;\n", "    if (psc->has_method) {"),
    insertion(
        "    if (js_poll_interrupts(ctx)) {
        js_free(ctx, tmp);
        js_free(ctx, buf);
        return JS_EXCEPTION;
    }\n",
        "                    v = js_mp_div1(r->tab, r->tab, len, radix_base, 0);",
    ),
    // A call of a native function counts for ten turns, and more if it is about a large thing.
    insertion("    ctx->interrupt_counter -= 9;\n", "    func = p->u.cfunc.c_function;\n    switch(cproto)"),
    insertion(
        "    if (tag_is_string(tag))\n        COUNT_WORK(ctx, string_rope_get_len(val));\n",
        "    return JS_ToString(ctx, val);\n}\n\nstatic JSValue JS_ToQuotedString",
    ),
    insertion(
        "    COUNT_WORK(ctx, p->u.array.count << typed_array_size_log2(p->class_id));\n",
        "    return p;\n}\n\n// Be *very* careful if you touch the typed array's memory directly:",
    ),
    // Long texts that are compared, or looked up.
    insertion(
        "    if (tag_is_string(tag1)) {
        COUNT_WORK(ctx, string_rope_get_len(op1));
        if (js_poll_interrupts(ctx)) {
            JS_FreeValue(ctx, op1);
            JS_FreeValue(ctx, op2);
            goto exception;
        }
    }\n",
        "    if (tag_is_string(tag1) && tag_is_string(tag2)) {
        if (tag1 == JS_TAG_STRING && tag2 == JS_TAG_STRING) {
            res = js_string_compare",
    ),
    // Comparisons that follow each other without a loop.
    insertion(
        "    if (tag_is_string(tag1) && js_poll_interrupts(ctx)) {
        JS_FreeValue(ctx, op1);
        JS_FreeValue(ctx, op2);
        goto exception;
    }\n",
        "    if (tag_is_number(tag1) && tag_is_number(tag2)) {\n        if (tag1 == JS_TAG_INT && tag2 == JS_TAG_INT) {",
    ),
    insertion(
        "    if (tag_is_string(JS_VALUE_GET_NORM_TAG(sp[-1])) && js_poll_interrupts(ctx)) {
        JS_FreeValue(ctx, sp[-2]);
        JS_FreeValue(ctx, sp[-1]);
        sp[-2] = sp[-1] = JS_UNDEFINED;
        return -1;
    }\n",
        "    res = js_strict_eq(ctx, sp[-2], sp[-1]);",
    ),
    // Numbers that are made of texts.
    insertion(
        "            COUNT_WORK(ctx, string_rope_get_len(val));
            if (js_poll_interrupts(ctx)) {
                JS_FreeValue(ctx, val);
                return JS_EXCEPTION;
            }\n",
        "            str = JS_ToCStringLen(ctx, &len, val);\n            JS_FreeValue(ctx, val);",
    ),
    insertion(
        "            COUNT_WORK(ctx, string_rope_get_len(op1));\n",
        "            if (!tag_is_string(tag2)) {\n                res = false;",
    ),
    insertion(
        "    if (p->len > 1024 && js_poll_interrupts(ctx)) {\n        js_free_string(rt, p);\n        return JS_ATOM_NULL;\n    }\n",
        "    /* XXX: should generate an exception */\n    return __JS_NewAtom(rt, p, JS_ATOM_TYPE_STRING);",
    ),
    insertion(
        "    COUNT_WORK(ctx, p->len);\n",
        "    if (is_num_string(&n, p)) {\n        if (n <= JS_ATOM_MAX_INT) {\n            js_free_string(rt, p);",
    ),
    insertion(
        "    if (tag_is_string(JS_VALUE_GET_TAG(key)))\n        COUNT_WORK(ctx, string_rope_get_len(key));\n",
        "    h = map_hash_key(ctx, key) & (s->hash_size - 1);\n    list_for_each(el",
    ),
    // Chains of prototypes.
    insertion(
        "        if (js_poll_interrupts(ctx))\n            return JS_EXCEPTION;\n",
        "        p = p->shape->proto;\n        if (!p)\n            break;\n    }\n    if (unlikely(throw_ref_error))",
    ),
    insertion(
        "        if (js_poll_interrupts(ctx))\n            return -1;\n",
        "        p = p->shape->proto;\n        if (!p)\n            break;\n    }\n    return false;",
    ),
    insertion(STEP, "        p1 = p1->shape->proto;\n    prototype_lookup:"),
    insertion(STEP, "        proto1 = p->shape->proto;\n        if (!proto1) {\n            /* slow case"),
    Insertion {
        text: STEP_OF_INSTRUCTION,
        before: "p = p->shape->proto;\n                        if (!p) {\n                            val = JS_UNDEFINED;",
        times: 3,
    },
    // Each loop that would search begins where the part is, if anywhere.
    insertion(SEARCH, "static int string_indexof(JSString *p1, JSString *p2, int from)"),
    insertion(
        "    from = string_search(p1, p2, from, false);\n    if (from < 0)\n        return -1;\n",
        "    for (i = from, c = string_get(p2, 0);",
    ),
    insertion(
        "    if (len >= v_len && inc * (stop - start) >= 0) {
        start = string_search(p, p1, start, lastIndexOf);
        if (start < 0)
            stop = start - inc;
    }\n",
        "    if (len >= v_len && inc * (stop - start) >= 0) {",
    ),
    insertion(
        "    if (magic == 0 && start >= 0 && start <= stop)\n        start = string_search(p, p1, start, false);\n",
        "    if (start >= 0 && start <= stop) {",
    ),
    // Where QuickJS says that there is an exception, but has made none.
    insertion(
        "    if (out_len < 0)\n        JS_ThrowOutOfMemory(ctx);\n",
        "    if (out_len < 0)\n        return JS_EXCEPTION;\n    val = JS_NewUTF32String",
    ),
];

const EXPRESSIONS: &[Insertion] = &[
    // Names of groups that come later. Where bytes are made of them, as many must come as were counted before.
    insertion(
        "    if (!emit_group_index && lre_check_timeout(s->opaque)) {\n        *phas_named_captures = 0;\n        return 0;\n    }\n",
        "    capture_index = 1;\n    n = 0;\n    *phas_named_captures = 0;\n    for (p = s->buf_start;",
    ),
    // References back to long parts of a text.
    insertion(
        "                                if (lre_poll_timeout(s))\n                                    return LRE_RET_TIMEOUT;\n",
        "                                if (cptr >= cbuf_end)\n                                    goto no_match;\n                                GET_CHAR(c1, cptr1, cptr1_end, cbuf_type);",
    ),
    insertion(
        "                                if (lre_poll_timeout(s))\n                                    return LRE_RET_TIMEOUT;\n",
        "                                if (cptr == s->cbuf)\n                                    goto no_match;\n                                GET_PREV_CHAR(c1, cptr1, cptr1_start, cbuf_type);",
    ),
];

const UNICODE: &[Insertion] = &[
    // QuickJS sorts marks in a time that is linear only if they are sorted already.
    insertion(
        "void jsquickjs_sort_marks(int *marks, int64_t length, int (*class)(uint32_t));\n\n",
        "static void sort_cc(int *buf, int len)",
    ),
    insertion(
        "            for (k = i; k < len && unicode_get_cc(buf[k]) != 0; k++)
                ;
            if (k - i > 100)
                jsquickjs_sort_marks(buf + i, k - i, unicode_get_cc);\n",
        "            start = i;\n            j = i + 1;",
    ),
    // Without memory there is nothing more to do.
    insertion(
        "        if (dbuf_error(dbuf))\n            return;\n",
        "        c = src[i];\n        if (c >= 0xac00 && c < 0xd7a4) {",
    ),
];

/// The file with all its insertions.
pub fn inserted(file: String, insertions: &[Insertion]) -> Result<String, String> {
    insertions.iter().try_fold(file, |file, Insertion { text, before, times }| match file.matches(before).count() {
        found if found == *times => Ok(file.replace(before, &format!("{text}{before}"))),
        found => Err(format!("this version of QuickJS has this {found} times, not {times}: {before}")),
    })
}
