/** Ratios as people write and read them: `15%`. */

export const RATIO_HINT = 'must be a ratio from 0% to 100%, such as 15%';

/** 0.15 of `15%`; undefined for anything else: a bare number, a sign, more than 100%. */
export function parseRatio(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text);
  const ratio = Number(match?.[1] ?? Number.NaN) / 100;
  return ratio <= 1 ? ratio : undefined;
}

/** `33.4 %`; what is not nothing is never shown as nothing: `<0.1 %`. */
export function formatRatio(ratio: number): string {
  return ratio > 0 && ratio < 0.000_5 ? '<0.1 %' : `${(ratio * 100).toFixed(1)} %`;
}
