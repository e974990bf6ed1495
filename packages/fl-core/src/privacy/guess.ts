/**
 * How often somebody is right at most who sees all that was released and guesses whether one client's update was its own
 * or zeros, when both were as likely before: `(e^epsilon + delta) / (1 + e^epsilon)`, whatever else is known. 1/2 is a
 * blind guess. From the trade-off between false alarms and misses (Kairouz, Oh, Viswanath, arXiv 1311.0776, Theorem 2.1).
 */
export const guessRate = (epsilon: number, delta: number): number =>
  // written so that a large epsilon does not overflow
  (1 + delta * Math.exp(-epsilon)) / (1 + Math.exp(-epsilon));
