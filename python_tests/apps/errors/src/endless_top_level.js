for (;;) {
  // Never ends: only an import at run time gets here.
}

export const value = 1;
