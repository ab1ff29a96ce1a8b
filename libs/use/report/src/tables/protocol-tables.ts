import type { RankUncertainty, StudyProtocolAnalysis } from '@gauntlet/analysis'
import { anovaTable, interactionsTable, mainEffectsTable } from './effects.ts'
import { boundsTable, podiumTable, rankingTable } from './ranking.ts'
import {
  correlationMatrixTable,
  groupCorrelationsTable,
  lossOddsTable,
  proxyTable,
  tierOddsTable,
} from './relations.ts'
import type { Table } from './table.ts'

/** The tables of one protocol's analyses, those without a row left out. */
export function protocolTables(
  protocol: string,
  analysis: StudyProtocolAnalysis,
  uncertainty: RankUncertainty | null = null,
): Table[] {
  return [
    podiumTable(protocol, analysis),
    rankingTable(protocol, analysis, uncertainty),
    boundsTable(protocol, analysis),
    mainEffectsTable(protocol, analysis),
    anovaTable(protocol, analysis),
    interactionsTable(protocol, analysis),
    correlationMatrixTable(protocol, analysis),
    groupCorrelationsTable(protocol, analysis),
    lossOddsTable(protocol, analysis),
    tierOddsTable(protocol, analysis),
    proxyTable(protocol, analysis),
  ].filter((table) => table !== null && table.rows.length > 0) as Table[]
}
