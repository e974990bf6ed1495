import { type TensorInfo, util } from '@tensorflow/tfjs-core';

/** An operand as a stack of matrices; rows and columns are those after the transposition. */
export interface Matrices {
  readonly info: TensorInfo;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly transposed: boolean;
}

export function matrices(info: TensorInfo, transposed: boolean): Matrices {
  const [rows = 1, columns = 1] = info.shape.slice(-2);
  const batch = util.sizeFromShape(info.shape.slice(0, -2));
  return transposed
    ? { info, batch, rows: columns, columns: rows, transposed }
    : { info, batch, rows, columns, transposed };
}
