/** A log that remembers, for tests that care about what people are told. */
import type { Log } from '../../src/io/log.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class RecordingLog implements Log {
  readonly lines: LogLine[] = [];
  readonly debug = this.#recorder('debug');
  readonly info = this.#recorder('info');
  readonly warn = this.#recorder('warn');
  readonly error = this.#recorder('error');

  /** Messages of `level` and above that are worth a person's time. */
  messages(...levels: LogLine['level'][]): string[] {
    return this.lines.filter((it) => levels.includes(it.level)).map((it) => it.message);
  }

  #recorder(level: LogLine['level']): Log['info'] {
    return ((fields: unknown, message?: string) => {
      const [text, values] = typeof fields === 'string' ? [fields, {}] : [message ?? '', fields];
      this.lines.push({ level, message: text, fields: values as LogLine['fields'] });
    }) as Log['info'];
  }
}
