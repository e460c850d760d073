/** MathML by MathJax 4, without its own attributes' dependence on a browser. */
import { liteAdaptor } from '@mathjax/src/mjs/adaptors/liteAdaptor.js'
import { STATE } from '@mathjax/src/mjs/core/MathItem.js'
import { SerializedMmlVisitor } from '@mathjax/src/mjs/core/MmlTree/SerializedMmlVisitor.js'
import { RegisterHTMLHandler } from '@mathjax/src/mjs/handlers/html.js'
import { TeX } from '@mathjax/src/mjs/input/tex.js'
import '@mathjax/src/mjs/input/tex/base/BaseConfiguration.js'
import '@mathjax/src/mjs/input/tex/ams/AmsConfiguration.js'
import '@mathjax/src/mjs/input/tex/boldsymbol/BoldsymbolConfiguration.js'
import '@mathjax/src/mjs/input/tex/cancel/CancelConfiguration.js'
import '@mathjax/src/mjs/input/tex/newcommand/NewcommandConfiguration.js'
import { mathjax } from '@mathjax/src/mjs/mathjax.js'

RegisterHTMLHandler(liteAdaptor())
const document = mathjax.document('', { InputJax: new TeX({ packages: ['base', 'ams', 'boldsymbol', 'cancel', 'newcommand'] }) })
const visitor = new SerializedMmlVisitor()

/** Throws or gives an <merror> for TeX that MathJax does not read. */
export const mathJax = (tex: string): string => visitor.visitTree(document.convert(tex, { display: true, end: STATE.CONVERT }))
