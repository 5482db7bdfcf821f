import { ImageOff } from 'lucide-react';
import { useState } from 'react';
import { classes } from './classes';
import './Picture.css';

interface PictureProps {
  src: string | null;
  alt: string;
  /** Width by height; keeps the room while the picture is on its way. */
  ratio?: number;
  className?: string;
}

/** A picture of the server that may be slow to come, or not there. */
export function Picture({ src, alt, ratio = 4 / 3, className }: PictureProps) {
  const [failed, setFailed] = useState<string | null>(null);
  const isMissing = src === null || failed === src;
  return (
    <div className={classes('picture', className)} style={{ aspectRatio: ratio }}>
      {isMissing ? (
        <ImageOff
          aria-label={alt ? `${alt}: no picture` : undefined}
          role={alt ? 'img' : undefined}
          size={22}
          strokeWidth={1.5}
        />
      ) : (
        <img alt={alt} decoding="async" loading="lazy" onError={() => setFailed(src)} src={src} />
      )}
    </div>
  );
}
