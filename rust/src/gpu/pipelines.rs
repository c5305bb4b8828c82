//! Programs, rendered and compiled once for the values and element types that they meet, and the
//! memory bound to them.

use super::memory::Memory;
use super::plan::{Item, Operand, Slot, Stage, VALUES};
use crate::dtype::DType;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// A compiled program, and how its buffers are bound.
#[derive(Clone)]
pub(super) struct Pipeline {
    pub(super) compute: wgpu::ComputePipeline,
    layout: Shape,
}

/// How many buffers a program has, and how many of them it writes.
type Shape = (usize, usize);

/// What determines a program's text; the last number holds its items, four bits for each.
type Key = (&'static str, [u32; VALUES], [DType; 2], usize, u64);

/// Buffers that are bound together, by handle.
type Bound = (Shape, [u32; MOST_BUFFERS]);

/// The most buffers of a program.
const MOST_BUFFERS: usize = 9;
/// How many bind groups are kept.
const KEPT: usize = 4096;

pub(super) struct Pipelines {
    compiled: HashMap<Key, Pipeline>,
    layouts: HashMap<Shape, wgpu::BindGroupLayout>,
    bound: HashMap<Bound, wgpu::BindGroup>,
}

const PARAMETERS: &str = include_str!("parameters.wgsl");
const FLOAT: &str = include_str!("float.wgsl");
const FLOAT32: &str = include_str!("float32.wgsl");
const FLOAT64: &str = include_str!("float64.wgsl");
const NUMBER_FLOAT32: &str = include_str!("number_float32.wgsl");
const NUMBER_FLOAT64: &str = include_str!("number_float64.wgsl");
const WHOLE: &str = include_str!("whole.wgsl");

/// How a program reads its numbers from words.
fn number_text(dtype: DType) -> &'static str {
    if dtype == DType::F64 { NUMBER_FLOAT64 } else { NUMBER_FLOAT32 }
}

/// Functions of the bits of a number.
fn bits_text(element: DType) -> [&'static str; 2] {
    match element {
        DType::F32 => [FLOAT32, FLOAT],
        DType::F64 => [FLOAT64, FLOAT],
        _ => ["", WHOLE],
    }
}

/// The text of a program.
fn render(stage: &Stage) -> Result<String> {
    let [element, result] = stage.types;
    let mut text = format!("alias T = {};\nalias R = {};\n", element.wgsl(), result.wgsl());
    text += "@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;\n";
    for (number, &(_, item)) in stage.bound.iter().enumerate() {
        let access = if number < stage.outputs { "read_write" } else { "read" };
        let name = match item {
            Item::Element(dtype) => dtype.wgsl().to_string(),
            Item::Vector(dtype) => format!("vec4<{}>", dtype.wgsl()),
            Item::State => "State".into(),
        };
        text += &format!(
            "@group(0) @binding({}) var<storage, {access}> m{number}: array<{name}>;\n",
            number + 1
        );
    }
    text += PARAMETERS;
    text += number_text(stage.number());
    text += &bits_text(element).concat();
    Ok(text + &(stage.text)(stage)?)
}

fn key(stage: &Stage) -> Key {
    let items = stage.bound.iter().fold(0, |bits, (_, item)| {
        bits << 4
            | match item {
                Item::Element(dtype) => *dtype as u64,
                Item::Vector(dtype) => 4 + *dtype as u64,
                Item::State => 8,
            }
    });
    (stage.name, stage.values, stage.types, stage.outputs, items << 4 | stage.bound.len() as u64)
}

impl Pipelines {
    pub(super) fn new() -> Self {
        Self { compiled: HashMap::new(), layouts: HashMap::new(), bound: HashMap::new() }
    }

    /// The program of a stage.
    pub(super) fn get(&mut self, device: &wgpu::Device, stage: &Stage) -> Result<Pipeline> {
        let key = key(stage);
        if let Some(pipeline) = self.compiled.get(&key) {
            return Ok(pipeline.clone());
        }
        let shape = (stage.bound.len(), stage.outputs);
        if shape.0 > MOST_BUFFERS {
            return Err(Error::new("a program has too many operands"));
        }
        let layout = self.layouts.entry(shape).or_insert_with(|| layout(device, shape));
        // A text that the device refuses is reported here, with its line, and is not kept.
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(stage.name),
            source: wgpu::ShaderSource::Wgsl(render(stage)?.into()),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(layout)],
            immediate_size: 0,
        });
        let compute = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(stage.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        if let Some(error) = pollster::block_on(scope.pop()) {
            return Err(Error::new(error.to_string()));
        }
        let pipeline = Pipeline { compute, layout: shape };
        self.compiled.insert(key, pipeline.clone());
        Ok(pipeline)
    }

    /// The memory of a stage, bound after the parameter block.
    pub(super) fn bind(
        &mut self,
        device: &wgpu::Device,
        pipeline: &Pipeline,
        (stage, operands): (&Stage, &[Operand]),
        (memory, parameters): (&Memory, &wgpu::BufferBinding<'_>),
    ) -> Result<wgpu::BindGroup> {
        let mut handles = [0; MOST_BUFFERS];
        for (handle, &(slot, _)) in handles.iter_mut().zip(&stage.bound) {
            *handle = match slot {
                Slot::Operand(number) => operands[number].handle,
                Slot::Scratch => Memory::SCRATCH,
            };
        }
        let key = (pipeline.layout, handles);
        if let Some(group) = self.bound.get(&key) {
            return Ok(group.clone());
        }
        let parameters = wgpu::BindingResource::Buffer(parameters.clone());
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: parameters }];
        for (number, &handle) in handles.iter().take(stage.bound.len()).enumerate() {
            let resource = memory.buffer(handle)?.as_entire_binding();
            entries.push(wgpu::BindGroupEntry { binding: number as u32 + 1, resource });
        }
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layouts[&pipeline.layout],
            entries: &entries,
        });
        if self.bound.len() >= KEPT {
            self.bound.clear();
        }
        self.bound.insert(key, group.clone());
        Ok(group)
    }

    /// Drops bind groups that contain a freed buffer.
    pub(super) fn unbind(&mut self) {
        self.bound.clear();
    }
}

fn layout(device: &wgpu::Device, (buffers, outputs): Shape) -> wgpu::BindGroupLayout {
    let entry = |binding: usize, ty, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    };
    let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, true)];
    for number in 0..buffers {
        let ty = wgpu::BufferBindingType::Storage { read_only: number >= outputs };
        entries.push(entry(number + 1, ty, false));
    }
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &entries,
    })
}

#[cfg(test)]
#[path = "snapshot_test.rs"]
mod tests;
