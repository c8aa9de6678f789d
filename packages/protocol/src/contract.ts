import type { z } from 'zod';

/** One request: what it takes and what it answers. */
export type RequestSpec = { params: z.ZodType; result: z.ZodType };
/** A side of a connection: the requests it answers and the notifications it takes. */
export type Contract = {
  requests: Record<string, RequestSpec>;
  notifications: Record<string, z.ZodType>;
};

export type Method<C extends Contract> = keyof C['requests'] & string;
export type Params<C extends Contract, M extends Method<C>> = z.input<C['requests'][M]['params']>;
export type ParsedParams<C extends Contract, M extends Method<C>> = z.output<C['requests'][M]['params']>;
export type Result<C extends Contract, M extends Method<C>> = z.output<C['requests'][M]['result']>;
export type Notice<C extends Contract> = keyof C['notifications'] & string;
export type NoticeParams<C extends Contract, N extends Notice<C>> = z.output<C['notifications'][N]>;

/** Answers every request of a contract. A method without a handler does not compile. */
export type Handlers<C extends Contract, Context = void> = {
  [M in Method<C>]: (params: ParsedParams<C, M>, context: Context) => Promise<Result<C, M>>;
};
/** Takes every notification of a contract. */
export type NoticeHandlers<C extends Contract> = {
  [N in Notice<C>]: (params: NoticeParams<C, N>) => void;
};
/** The calling side of a contract, one function a method. */
export type Calls<C extends Contract> = {
  [M in Method<C>]: (params: Params<C, M>) => Promise<Result<C, M>>;
};
