import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

type Responses = Record<string, { description: string; content?: Record<string, { schema: object }> }>;
export type OpenApiDocument = {
  openapi: string;
  paths: Record<string, Record<string, { responses: Responses } & Record<string, unknown>>>;
  components: { schemas: Record<string, { required?: string[] }> };
};

export type CheckAnswer = (
  method: string,
  path: string,
  answer: { status: number; headers: Headers; body: unknown },
) => void;

/** Checks that an answer is one that the document promises: its status, type, body, and the code of an error. */
export function documentCheck(document: OpenApiDocument): CheckAnswer {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, validateFormats: false });
  ajv.addSchema(document, 'api');
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return (method, path, { status, headers, body }) => {
    const { template } = templates.find(({ pattern }) => pattern.test(path.split('?')[0]!)) ?? {};
    const operation = template && document.paths[template]![method.toLowerCase()];
    if (!operation) return; // Not an address of the API: that is for the test to expect.
    const where = `${method} ${template} ${status}`;
    const response = operation.responses[status];
    expect(response, `${where} ${JSON.stringify(body)} is in the document`).toBeDefined();
    const types = Object.keys(response!.content ?? {});
    expect(types, where).toEqual(body === undefined ? [] : [headers.get('content-type')?.split(';')[0]]);
    if (body === undefined) return;
    if (status >= 400)
      expect(response!.description, where).toContain(`\`${(body as { code: string }).code}\``);
    const steps = [
      'paths',
      template,
      method.toLowerCase(),
      'responses',
      status,
      'content',
      types[0],
      'schema',
    ];
    const pointer = steps.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    const validate = ajv.getSchema(`api#/${pointer}`)!;
    expect(validate(body) || ajv.errorsText(validate.errors), where).toBe(true);
  };
}
