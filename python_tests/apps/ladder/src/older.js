export const older = { first: 1, second: 2, list: [1, 2, 3] };
export const olderExpression = /-/g;
