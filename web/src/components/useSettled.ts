import { useEffect, useState } from 'react';

/** A value once it has not changed for a moment: for what is costly to follow at every step. */
export function useSettled<Value>(value: Value, ms = 120): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), ms);
    return () => window.clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
