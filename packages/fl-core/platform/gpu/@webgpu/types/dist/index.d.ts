// The types of WebGPU under the name by which TensorFlow.js asks for them, in this package's version, not in its own.
/// <reference types="@webgpu/types" />
