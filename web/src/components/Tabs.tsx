import { type KeyboardEvent, type ReactNode, useId, useRef } from 'react';
import './Tabs.css';

interface TabsProps<Name extends string> {
  label: string;
  tabs: ReadonlyArray<{ name: Name; title: ReactNode }>;
  chosen: Name;
  onChoose: (name: Name) => void;
  /** The panel of the chosen tab. */
  children: ReactNode;
}

export function Tabs<Name extends string>({ label, tabs, chosen, onChoose, children }: TabsProps<Name>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (tabs.findIndex((tab) => tab.name === chosen) + by + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (!tab) return;
    onChoose(tab.name);
    list.current?.querySelectorAll('button')[next]?.focus();
  };
  return (
    <div className="stack">
      <div aria-label={label} className="tabs" onKeyDown={step} ref={list} role="tablist" tabIndex={-1}>
        {tabs.map((tab) => (
          <button
            aria-controls={`${id}-panel`}
            aria-selected={tab.name === chosen}
            className="tab"
            id={`${id}-${tab.name}`}
            key={tab.name}
            onClick={() => onChoose(tab.name)}
            role="tab"
            tabIndex={tab.name === chosen ? 0 : -1}
            type="button"
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div aria-labelledby={`${id}-${chosen}`} id={`${id}-panel`} role="tabpanel">
        {children}
      </div>
    </div>
  );
}
