/** Prints every architecture of the registry after its family, for describe_architectures.py. */
import { modelsOfFamily } from '@gauntlet/backbones'

const seen = new Set<string>()
for (const [family, models] of Object.entries(modelsOfFamily))
  for (const architecture of models.flatMap(({ architectures }) => architectures)) {
    const isDeit = architecture.startsWith('deit')
    const belongs = family === 'DeiT' ? isDeit : family === 'ViT' ? !isDeit : true
    if (belongs && !seen.has(architecture)) console.log(`${family} ${architecture}`)
    if (belongs) seen.add(architecture)
  }
