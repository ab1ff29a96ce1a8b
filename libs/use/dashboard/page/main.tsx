import { render } from 'preact'
import { App } from './app.tsx'
import { followChanges } from './state/changes.ts'

followChanges()
render(<App />, document.getElementById('root')!)
