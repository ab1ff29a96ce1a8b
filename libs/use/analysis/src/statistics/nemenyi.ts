import { studentizedRangeUpperQuantile } from '../distributions/studentized-range.ts'

/**
 * Nemenyi's critical difference: how far the mean ranks of two of k models over N datasets must lie apart to differ at
 * α (Demšar, JMLR 7, 2006, eq. 5): q √(k (k + 1) / (6 N)), with q the studentized range's quantile at infinite freedom
 * over √2.
 *
 * It is why the reports draw no critical-difference diagram: 40 backbones over 6 datasets need mean ranks 26.2 apart,
 * of 40, so that all but the very ends would hang on one bar.
 */
export function nemenyiCriticalDifference(models: number, datasets: number, significance = 0.05): number {
  const q = studentizedRangeUpperQuantile(significance, models, Infinity) / Math.SQRT2
  return q * Math.sqrt((models * (models + 1)) / (6 * datasets))
}
