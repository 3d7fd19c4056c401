/** A debugger at a running program: says a line of JavaScript in one of its worker threads. */
import { once } from 'node:events';

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly params?: { readonly sessionId?: string; readonly workerInfo?: { readonly title: string } };
}

/** `stderr` is all that the program, started with `--inspect=127.0.0.1:0`, has said on standard error. */
export class WorkerDebugger {
  readonly #socket: WebSocket;
  /** Sessions by the worker's name. */
  readonly #sessions = new Map<string, string>();
  #id = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const { method, params } = JSON.parse(String(data)) as Reply;
      if (method !== 'NodeWorker.attachedToWorker') return;
      this.#sessions.set(params?.workerInfo?.title ?? '', params?.sessionId ?? '');
    });
  }

  static async attach(stderr: string): Promise<WorkerDebugger> {
    // The program may have started itself anew: the last one is the one that lives.
    const url = stderr.match(/ws:\/\/\S+/g)?.at(-1);
    if (url === undefined) throw new Error(`no debugger listens: ${stderr}`);
    const socket = new WebSocket(url);
    await once(socket, 'open');
    const made = new WorkerDebugger(socket);
    made.#send('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return made;
  }

  /** Names of the workers that were ever seen. */
  get workers(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** Does not wait for what it leads to. */
  say(worker: string, expression: string): void {
    const sessionId = this.#sessions.get(worker);
    if (sessionId === undefined) throw new Error(`no worker ${worker} among ${this.workers.join(', ')}`);
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } });
    this.#send('NodeWorker.sendMessageToWorker', { sessionId, message });
  }

  close(): void {
    this.#socket.close();
  }

  #send(method: string, params: object): void {
    this.#id += 1;
    this.#socket.send(JSON.stringify({ id: this.#id, method, params }));
  }
}
