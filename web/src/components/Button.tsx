import type { LucideIcon } from 'lucide-react';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link } from 'wouter';
import './Button.css';
import { classes } from './classes';

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger';

interface Look {
  kind?: ButtonKind;
  size?: 'sm' | 'md' | 'lg';
  icon?: LucideIcon;
}

interface ButtonProps extends Look, ButtonHTMLAttributes<HTMLButtonElement> {
  /** It works on it: it shows so and takes no further click. */
  isBusy?: boolean;
}

const ICON_SIZE = { sm: 15, md: 17, lg: 19 };

function look({ kind = 'secondary', size = 'md' }: Look, extra?: string): string {
  return classes('button', `button--${kind}`, size !== 'md' && `button--${size}`, extra);
}

function Content({ icon: Icon, size = 'md', children }: Look & { children?: ReactNode }) {
  return (
    <>
      {Icon && <Icon aria-hidden size={ICON_SIZE[size]} strokeWidth={1.9} />}
      {children}
    </>
  );
}

export function Button({ kind, size, icon, isBusy = false, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={isBusy || undefined}
      className={look({ kind, size }, className)}
      disabled={disabled || isBusy}
    >
      <Content icon={icon} size={size}>
        {children}
      </Content>
    </button>
  );
}

/** A button that shows only an icon; `label` is what it is called. */
export function IconButton({
  label,
  icon: Icon,
  size = 'md',
  kind = 'quiet',
  className,
  ...rest
}: ButtonProps & { label: string; icon: LucideIcon }) {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      aria-label={label}
      className={look({ kind, size }, classes('button--icon', className))}
    >
      <Icon aria-hidden size={ICON_SIZE[size]} strokeWidth={1.9} />
    </button>
  );
}

/** A link that looks like a button: for going somewhere. */
export function ButtonLink({
  to,
  kind,
  size,
  icon,
  className,
  children,
  ...rest
}: Look & { to: string; className?: string; children?: ReactNode; 'aria-label'?: string }) {
  return (
    <Link {...rest} className={look({ kind, size }, className)} href={to}>
      <Content icon={icon} size={size}>
        {children}
      </Content>
    </Link>
  );
}
