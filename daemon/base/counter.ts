/** 1, 2, 3 and so on. */
export function counter(): () => number {
  let last = 0;
  return () => ++last;
}
