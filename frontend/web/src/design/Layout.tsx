import { useId, type ReactNode } from 'react';
import styles from './layout.module.css';

interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** What an address shows: one heading of the first level, and the parts below it. */
export function Page({ title, lead, actions, children }: PageProps) {
  return (
    <div className={styles.page}>
      <title>{`${title} · Dumont Cloud`}</title>
      <header className={styles.head}>
        <div>
          <h1>{title}</h1>
          {lead ? <div className={styles.lead}>{lead}</div> : null}
        </div>
        {actions}
      </header>
      {children}
    </div>
  );
}

interface CardProps {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a page, a region by its heading. */
export function Card({ title, aside, children }: CardProps) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <header className={styles.cardHead}>
        <h2 id={id}>{title}</h2>
        {aside ? <div className={styles.note}>{aside}</div> : null}
      </header>
      {children}
    </section>
  );
}

export function Stack({ children }: { readonly children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>;
}

export function Row({ children }: { readonly children: ReactNode }) {
  return <div className={styles.row}>{children}</div>;
}

export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={styles.columns}>{children}</div>;
}

export function Note({ children }: { readonly children: ReactNode }) {
  return <p className={styles.note}>{children}</p>;
}

export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
}

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(({ name, value }) => (
        <Pair key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Pair({ name, value }: Fact) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

export interface Figure extends Fact {
  readonly note?: ReactNode;
}

/** Few large figures, each with its name and what it is of. */
export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <div className={styles.figures}>
      {figures.map(({ name, value, note }) => (
        <dl key={name} className={styles.figure}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          {note ? <dd>{note}</dd> : null}
        </dl>
      ))}
    </div>
  );
}
