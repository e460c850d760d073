/**
 * A page as linked nodes: parse5 builds them through its tree adapter, everything after walks them without recursion.
 *
 * Own nodes rather than parse5's default tree, because siblings are linked (detaching is O(1), foster parenting is not quadratic), comments
 * are never kept, and depth and number are capped while the page is parsed: work budgets, so the same page always gives the same result.
 */
import { Parser, html as spec, type Token, type TreeAdapter, type TreeAdapterTypeMap } from 'parse5'

export class Node {
  /** Tag as the parser names it, `#text`, `#document`, `#other` (comments, doctypes: never in the tree). */
  readonly tag: string
  /** Whether it is an element of HTML (not of SVG or MathML). */
  readonly html: boolean
  attributes: Map<string, string> | undefined
  text: string
  parent: Node | null = null
  first: Node | null = null
  last: Node | null = null
  next: Node | null = null
  previous: Node | null = null
  depth = 0
  /** Characters of text without white space, and of those inside links and inside `code`; set by `measure`. */
  letters = 0
  linked = 0
  coded = 0

  constructor(tag: string, html: boolean, attributes?: Map<string, string>, text = '') {
    this.tag = tag
    this.html = html
    this.attributes = attributes
    this.text = text
  }

  get(name: string): string {
    return this.attributes?.get(name) ?? ''
  }

  has(name: string): boolean {
    return this.attributes?.has(name) ?? false
  }

  detach(): void {
    const { parent, previous, next } = this
    if (previous) previous.next = next
    else if (parent) parent.first = next
    if (next) next.previous = previous
    else if (parent) parent.last = previous
    this.parent = this.previous = this.next = null
  }

  append(node: Node): void {
    this.insert(node, null)
  }

  /** Before `reference`, or at the end. */
  insert(node: Node, reference: Node | null): void {
    node.detach()
    const previous = reference ? reference.previous : this.last
    node.parent = this
    node.previous = previous
    node.next = reference
    if (previous) previous.next = node
    else this.first = node
    if (reference) reference.previous = node
    else this.last = node
    node.depth = this.depth + 1
  }

  replaceWith(node: Node): void {
    this.parent?.insert(node, this)
    this.detach()
  }
}

/** The node behind `node` in document order inside `root`; `skip` leaves its children out. */
export function following(node: Node, root: Node, skip = false): Node | null {
  if (!skip && node.first) return node.first
  for (let at: Node | null = node; at && at !== root; at = at.parent) if (at.next) return at.next
  return null
}

/** All nodes below `root` in document order. Children of a node that is detached while it is current are not visited. */
export function* walk(root: Node): Generator<Node, void, undefined> {
  let node = root.first
  while (node) {
    const after = following(node, root, true)
    yield node
    node = node.parent ? following(node, root) : after
  }
}

/** Enters and leaves every node below and with `root`: the one way to fold bottom-up or to write without recursion. */
export function visit(root: Node, enter: (node: Node) => boolean | undefined, leave: (node: Node) => void): void {
  let node: Node | null = root
  while (node) {
    const inside: boolean = enter(node) !== false
    if (inside && node.first) {
      node = node.first
      continue
    }
    if (inside) leave(node)
    while (node && node !== root && !node.next) {
      node = node.parent
      if (node) leave(node)
    }
    node = node === root || !node ? null : node.next
  }
}

export const elements = (root: Node, tag: string): Node[] => [...walk(root)].filter(node => node.tag === tag)

export function find(root: Node, test: (node: Node) => boolean): Node | null {
  for (const node of walk(root)) if (test(node)) return node
  return null
}

export function textContent(root: Node): string {
  if (root.tag.startsWith('#t')) return root.text
  const pieces: string[] = []
  for (const node of walk(root)) if (node.tag === '#text' || node.tag === '#math') pieces.push(node.text)
  return pieces.join('')
}

/** Depths, and bottom-up counts of letters: all, inside links, inside code. One pass over the tree. */
export function measure(root: Node): void {
  visit(
    root,
    node => {
      node.depth = node.parent ? node.parent.depth + 1 : 0 // moved subtrees kept their old ones
      node.letters = node.linked = node.coded = 0
      return undefined
    },
    node => {
      if (node.tag === '#text' || node.tag === '#math') node.letters = countLetters(node.text)
      if (node.tag === 'a') node.linked = node.letters
      if (node.tag === 'code') node.coded = node.letters
      if (node.parent && node !== root) {
        node.parent.letters += node.letters
        node.parent.linked += node.linked
        node.parent.coded += node.coded
      }
    },
  )
}

export function countLetters(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 32 && code !== 160) count++
  }
  return count
}

export class PageLimitError extends Error {}

/**
 * Parses with scripting off, so that `<noscript>` is markup. `templates` are kept apart by the standard and dropped here: a page does not
 * show them. Throws PageLimitError above `maxNodes` nodes or `maxDepth` open elements.
 */
export function parsePage(text: string, limits: { maxNodes: number; maxDepth: number }): Node {
  const document = new Node('#document', true)
  const parser = new Parser<Types>({ scriptingEnabled: false, treeAdapter: adapter(limits), sourceCodeLocationInfo: false }, document)
  parser.tokenizer.write(text, true)
  return document
}

type Types = TreeAdapterTypeMap<Node, Node, Node, Node, Node, Node, Node, Node, Node, Node>

function adapter({ maxNodes, maxDepth }: { maxNodes: number; maxDepth: number }): TreeAdapter<Types> {
  let nodes = 0
  let open = 0
  let mode = spec.DOCUMENT_MODE.NO_QUIRKS
  const contents = new Map<Node, Node>()
  const namespaces = new WeakMap<Node, spec.NS>()
  const lists = new WeakMap<Node, Token.Attribute[]>()
  const made = (node: Node): Node => {
    if (++nodes > maxNodes) throw new PageLimitError(`expected at most ${maxNodes} nodes (maxNodes), found more`)
    return node
  }
  const addText = (parent: Node, text: string, reference: Node | null): void => {
    const before = reference ? reference.previous : parent.last
    if (before?.tag === '#text') before.text += text
    else parent.insert(made(new Node('#text', true, undefined, text)), reference)
  }
  return {
    createDocument: () => new Node('#document', true),
    createDocumentFragment: () => new Node('#document', true),
    createElement(tag, namespace, attributes) {
      const html = namespace === spec.NS.HTML
      const node = made(new Node(tag, html, attributes.length ? new Map(attributes.map(({ name, value }) => [name, value])) : undefined))
      if (!html) {
        namespaces.set(node, namespace)
        lists.set(node, attributes)
      }
      return node
    },
    createCommentNode: () => new Node('#other', true),
    createTextNode: text => made(new Node('#text', true, undefined, text)),
    appendChild(parent, node) {
      if (node.tag !== '#other') parent.append(node)
    },
    insertBefore(parent, node, reference) {
      if (node.tag !== '#other') parent.insert(node, reference)
    },
    insertText: (parent, text) => addText(parent, text, null),
    insertTextBefore: (parent, text, reference) => addText(parent, text, reference),
    detachNode: node => node.detach(),
    adoptAttributes(node, attributes) {
      node.attributes ??= new Map()
      for (const { name, value } of attributes) if (!node.attributes.has(name)) node.attributes.set(name, value)
    },
    setTemplateContent: (template, content) => void contents.set(template, content),
    getTemplateContent: template => contents.get(template) ?? template,
    setDocumentType: () => {},
    setDocumentMode(_, value) {
      mode = value
    },
    getDocumentMode: () => mode,
    getFirstChild: node => node.first,
    getChildNodes: node => {
      const children: Node[] = []
      for (let child = node.first; child; child = child.next) children.push(child)
      return children
    },
    getParentNode: node => node.parent,
    getAttrList: node => lists.get(node) ?? [...(node.attributes ?? [])].map(([name, value]) => ({ name, value })),
    getTagName: node => node.tag,
    getNamespaceURI: node => namespaces.get(node) ?? spec.NS.HTML,
    getTextNodeContent: node => node.text,
    getCommentNodeContent: () => '',
    getDocumentTypeNodeName: () => '',
    getDocumentTypeNodePublicId: () => '',
    getDocumentTypeNodeSystemId: () => '',
    isTextNode: (node): node is Node => node.tag === '#text',
    isCommentNode: (node): node is Node => node.tag === '#other',
    isDocumentTypeNode: (_): _ is Node => false,
    isElementNode: (node): node is Node => !node.tag.startsWith('#'),
    setNodeSourceCodeLocation: () => {},
    updateNodeSourceCodeLocation: () => {},
    getNodeSourceCodeLocation: () => undefined,
    onItemPush() {
      if (++open > maxDepth) throw new PageLimitError(`expected at most ${maxDepth} open elements (maxDepth), found more`)
    },
    onItemPop() {
      open--
    },
  }
}
