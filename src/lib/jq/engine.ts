/** jq itself, with 3 MB beside it. Apart, as the package is a promise, which an `import()` of it would take for its own. */
import engine from 'jq-web';

export const jqEngine = engine;
