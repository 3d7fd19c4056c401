/** A SIGHUP that comes before there is anything to reload: by default it would end the process. */

export class EarlyHangup {
  readonly #events: NodeJS.EventEmitter;
  readonly #note = (): void => {
    this.#isHeard = true;
  };
  #isHeard = false;

  /** Takes notice from now on. `events` is the process; a test hands in an emitter of its own. */
  constructor(events: NodeJS.EventEmitter = process) {
    this.#events = events;
    events.on('SIGHUP', this.#note);
  }

  /** Ends that, for whoever listens now: what has come meanwhile is sent once more, however often it came. */
  pass(): void {
    this.end();
    if (this.#isHeard) this.#events.emit('SIGHUP', 'SIGHUP');
    this.#isHeard = false;
  }

  end(): void {
    this.#events.off('SIGHUP', this.#note);
  }
}
