/**
 * The names that TensorFlow's operators give their outputs. They are needed inside functions only, where a node's
 * output is referred to as `node:output name:index`. An operator that is not listed has one output called `output`. A
 * star marks the name of a list. The names were read from libtensorflow 2.21's register (`TF_GetAllOpList`), for the
 * operators that tensor code uses. If one is missing, loading the program fails and TensorFlow names the operator.
 */
const operatorsByOutputs: Readonly<Record<string, string>> = {
  activations: 'Elu LeakyRelu Relu Relu6 Selu Softplus Softsign',
  backprops: 'EluGrad LeakyReluGrad Relu6Grad ReluGrad SeluGrad SoftplusGrad SoftsignGrad',
  band: 'MatrixBandPart',
  bins: 'Bincount',
  diagonal: 'DiagPart MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3',
  filter_backprop: 'Dilation2DBackpropFilter',
  in_backprop: 'Dilation2DBackpropInput',
  logsoftmax: 'LogSoftmax',
  'loss,backprop': 'SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits',
  merged: 'DynamicStitch ParallelDynamicStitch',
  out: 'Complex Cumprod Cumsum CumulativeLogsumexp HistogramFixedWidth',
  'output*': 'IdentityN ShapeN Split SplitV StatelessWhile Unpack While',
  'output,argmax': 'MaxPoolWithArgmax',
  patches: 'ExtractVolumePatches',
  precision: 'InTopK InTopKV2',
  product: 'Cross MatMul',
  r0: 'BroadcastArgs',
  'r0,r1': 'BroadcastGradientArgs',
  resized_images: 'ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate',
  softmax: 'Softmax',
  sum: 'AccumulateNV2 AddN',
  value: 'ReadVariableOp',
  values: 'NthElement',
  'values,indices': 'ApproxTopK TopK TopKV2',
  'x_backprop,scale_backprop,offset_backprop,reserve_space_3,reserve_space_4':
    'FusedBatchNormGrad FusedBatchNormGradV2',
  'x_backprop,scale_backprop,offset_backprop,reserve_space_4,reserve_space_5': 'FusedBatchNormGradV3',
  y: 'Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil ComplexAbs ConjugateTranspose Cos Cosh DataFormatDimMap DataFormatVecPermute DeepCopy Digamma Erf Erfc Erfinv Exp Expm1 Floor InplaceAdd InplaceSub InplaceUpdate Inv Invert InvertPermutation IsFinite IsInf IsNan Lgamma Log Log1p LogicalNot Neg OnesLike PopulationCount Reciprocal Rint Round Rsqrt Sigmoid Sign Sin Sinh Sqrt Square Tan Tanh Transpose ZerosLike',
  'y,batch_mean,batch_variance,reserve_space_1,reserve_space_2': 'FusedBatchNorm FusedBatchNormV2',
  'y,batch_mean,batch_variance,reserve_space_1,reserve_space_2,reserve_space_3': 'FusedBatchNormV3',
  z: 'Add AddV2 ApproximateEqual Atan2 Betainc BitwiseAnd BitwiseOr BitwiseXor Div DivNoNan Equal FloorDiv FloorMod Greater GreaterEqual Igamma IgammaGradA Igammac InvGrad LeftShift Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mod Mul MulNoNan NotEqual Polygamma Pow RealDiv ReciprocalGrad RightShift RsqrtGrad SigmoidGrad SqrtGrad SquaredDifference Sub TanhGrad TruncateDiv TruncateMod Xdivy Xlog1py Xlogy Zeta',
}

const outputsByOperator = new Map(
  Object.entries(operatorsByOutputs).flatMap(([outputs, operators]) =>
    operators.split(' ').map((operator) => [operator, outputs.split(',')]),
  ),
)

/** How a function refers to output `index` of an operator: by the output's name, and the index within that name. */
export function outputName(operator: string, index: number): string {
  const names = outputsByOperator.get(operator) ?? ['output']
  return names[0]!.endsWith('*') ? `${names[0]!.slice(0, -1)}:${index}` : `${names[index] ?? 'output'}:0`
}
