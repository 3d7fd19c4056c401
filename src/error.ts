/** The closed set of reasons for which a request is not forwarded, and what each means to everyone who hears of it. */

export type Reason =
  | 'bad_request'
  | 'head_too_large'
  | 'head_timeout'
  | 'no_route'
  | 'no_endpoint'
  | 'overloaded'
  | 'draining'
  | 'connect_failed'
  | 'upstream_reset'
  | 'bad_response'
  | 'timeout';

export interface ReasonRule {
  /** Status sent downstream unless the place that knows better says otherwise (503 for a refused connection). */
  readonly status: number;
  /** The downstream connection cannot be trusted to be in step any more, so it closes after the answer. */
  readonly closes: boolean;
  /** Another endpoint may be tried: always, only for idempotent methods, or never. */
  readonly retry: 'always' | 'idempotent' | 'never';
  readonly logLevel: 'debug' | 'info' | 'warn';
  /** One sentence for the person who reads the answer. */
  readonly message: string;
}

/** Status, retry rule, log level and words of every reason; the reason itself is the metric label. */
export const REASONS: Readonly<Record<Reason, ReasonRule>> = {
  bad_request: {
    status: 400,
    closes: true,
    retry: 'never',
    logLevel: 'info',
    message: 'the request is malformed or ambiguous',
  },
  head_too_large: {
    status: 431,
    closes: true,
    retry: 'never',
    logLevel: 'info',
    message: 'the request head is too large',
  },
  head_timeout: {
    status: 408,
    closes: true,
    retry: 'never',
    logLevel: 'info',
    message: 'the request head did not arrive in time',
  },
  no_route: { status: 404, closes: false, retry: 'never', logLevel: 'info', message: 'no route matches this request' },
  no_endpoint: {
    status: 503,
    closes: false,
    retry: 'never',
    logLevel: 'warn',
    message: 'no endpoint of the cluster is up',
  },
  overloaded: { status: 503, closes: false, retry: 'never', logLevel: 'warn', message: 'a limit is reached' },
  draining: { status: 503, closes: true, retry: 'never', logLevel: 'info', message: 'the balancer is draining' },
  connect_failed: {
    status: 502,
    closes: false,
    retry: 'always',
    logLevel: 'warn',
    message: 'no connection to an endpoint could be made',
  },
  upstream_reset: {
    status: 502,
    closes: false,
    retry: 'idempotent',
    logLevel: 'warn',
    message: 'the endpoint closed the connection before it answered',
  },
  bad_response: {
    status: 502,
    closes: false,
    retry: 'never',
    logLevel: 'warn',
    message: 'the endpoint sent a malformed answer',
  },
  timeout: {
    status: 504,
    closes: false,
    retry: 'never',
    logLevel: 'warn',
    message: 'the endpoint did not answer in time',
  },
};

export const REASON_NAMES = Object.keys(REASONS) as readonly Reason[];
