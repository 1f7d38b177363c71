let value = 0;

export const next = () => value++;
