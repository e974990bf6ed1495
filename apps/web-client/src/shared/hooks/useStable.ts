import { useState } from 'react';

/**
 * The value of the earlier render as long as the new one says the same. A push brings the whole run as new
 * objects; without this, every panel would be drawn again because of one client's progress.
 */
export function useStable<T>(value: T): T {
  const [kept, setKept] = useState({ value, text: JSON.stringify(value) });
  if (kept.value === value) return value;
  const text = JSON.stringify(value);
  if (text === kept.text) return kept.value;
  setKept({ value, text });
  return value;
}
