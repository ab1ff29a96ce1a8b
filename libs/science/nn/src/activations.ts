export { gelu, hardSigmoid, hardSwish, quickGelu, relu, relu6, sigmoid, silu, softmax } from '@gauntlet/engine'
