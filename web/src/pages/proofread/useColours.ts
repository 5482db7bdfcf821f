import { useEffect, useMemo, useState } from 'react';
import { coloursForAnimals } from '../../engine/palette';
import { useRenames } from './renames';

/** A track keeps its colour while others come and go, and under another name. */
export function useColours(names: readonly string[]): readonly string[] {
  const [order, setOrder] = useState<readonly string[]>(names);
  useRenames(names, (nameOf) => setOrder(order.map(nameOf)));
  const missing = names.filter((name) => !order.includes(name));
  const known = missing.length > 0 ? [...order, ...missing] : order;
  useEffect(() => {
    if (known !== order) setOrder(known);
  }, [known, order]);
  return useMemo(() => {
    const palette = coloursForAnimals(known.length);
    return names.map((name) => palette[known.indexOf(name)] ?? '#ffffff');
  }, [names, known]);
}
