import { useCallback, useState } from 'react';
import { readStored, writeStored } from '../../app/storage';

export interface Switch {
  readonly isOn: boolean;
  readonly toggle: () => void;
}

/** Something that is shown until a person does not want it; the browser remembers. */
export function useSwitch(name: string): Switch {
  const [isOn, setIsOn] = useState(() => readStored(name) !== 'off');
  const toggle = useCallback(() => {
    writeStored(name, isOn ? 'off' : null);
    setIsOn(!isOn);
  }, [name, isOn]);
  return { isOn, toggle };
}
