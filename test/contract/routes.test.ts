import { ROUTES } from '../../src/http/routes/index.ts'
import { openapi } from '../support/contract.ts'

test('the description lists exactly the operations that are served', () => {
  const served = ROUTES.map(route => `${route.method} ${route.path}`)
    .map(it => it.replace(/:(\w+)/g, '{$1}').replace('*path', '{path}'))
    .toSorted()
  const methods = new Set(['get', 'post', 'put', 'delete'])
  const described = Object.entries(openapi.paths)
    .flatMap(([path, item]) => Object.keys(item).map(method => [method, path] as const))
    .filter(([method]) => methods.has(method))
    .map(([method, path]) => `${method} ${path}`)
    .toSorted()
  expect(served).toEqual(described)
})
