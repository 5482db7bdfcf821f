/** What the colours of the strip above the traces mean. */

import { CONFIDENCE_STEPS } from './drawStrip';

export function StripLegend({ nIndividuals }: { nIndividuals: number }) {
  return (
    <p className="strip-legend">
      <span>Confidence, a line for each point{nIndividuals > 1 ? ', animal by animal' : ''}:</span>
      <span className="strip-legend__item">
        <span aria-hidden className="strip-legend__missing" /> not found
      </span>
      <span className="strip-legend__item">
        <span className="number">0</span>
        <span aria-hidden className="strip-legend__steps">
          {CONFIDENCE_STEPS.map((colour) => (
            <span key={colour} style={{ background: colour }} />
          ))}
        </span>
        <span className="number">1</span>
        <span className="visually-hidden">from bright to dark</span>
      </span>
    </p>
  );
}
