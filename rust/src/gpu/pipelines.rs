//! Programs, rendered from the rows and compiled once for the element types they meet.

use super::launch::Planned;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::registry::Wgsl;
use std::collections::HashMap;

/// A compiled program and how its buffers are bound.
#[derive(Clone)]
pub(super) struct Pipeline {
    pub(super) compute: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
}

type Key = (&'static str, Vec<DType>, bool);

pub(super) struct Pipelines {
    compiled: HashMap<Key, Pipeline>,
    /// Layouts by number of operands, of which the first is written.
    layouts: HashMap<usize, wgpu::BindGroupLayout>,
}

fn type_name(dtype: DType) -> Result<&'static str> {
    dtype.wgsl().ok_or_else(|| Error::new(format!("there is no {} on the GPU", dtype.name())))
}

const PARAMETERS: &str = include_str!("parameters.wgsl");
const ELEMENTWISE: &str = include_str!("elementwise.wgsl");
const FLOAT: &str = include_str!("float.wgsl");
const INTEGER: &str = include_str!("integer.wgsl");

/// The text of a program for given element types.
fn render(planned: &Planned) -> Result<String> {
    let types: Vec<&str> =
        planned.operands.iter().map(|operand| type_name(operand.dtype)).collect::<Result<_>>()?;
    let value = types.last().ok_or_else(|| Error::new("operands are missing"))?;
    let mut text = format!("alias T = {value};\nalias R = {};\n", types[0]);
    text += "@group(0) @binding(0) var<uniform> parameters: array<vec4<u32>, 16>;\n";
    for (number, name) in types.iter().enumerate() {
        let access = if number == 0 { "read_write" } else { "read" };
        text += &format!(
            "@group(0) @binding({}) var<storage, {access}> m{number}: array<{name}>;\n",
            number + 1
        );
    }
    text += PARAMETERS;
    match planned.kernel.wgsl {
        Wgsl::None => Err(Error::new("there is no program for the GPU")),
        Wgsl::Program { source, .. } => Ok(text + source),
        Wgsl::Expression(expression) => {
            text += match *value {
                "f32" => FLOAT,
                "i32" => INTEGER,
                _ => "",
            };
            let names = match types.len() {
                2 => &["x"][..],
                3 => &["a", "b"],
                _ => &["c", "a", "b"],
            };
            let way = if planned.flat { "flat" } else { "strided" };
            let inputs: String = names
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    let number = index + 1;
                    format!("    let {name} = m{number}[{way}(i, {number}u)];\n")
                })
                .collect();
            let value = format!("R({expression})");
            let value = if types[0] == "u32" { format!("u32(bool({expression}))") } else { value };
            Ok(text
                + &ELEMENTWISE
                    .replace("    // inputs\n", &inputs)
                    .replace("WAY", way)
                    .replace("VALUE", &value))
        }
    }
}

impl Pipelines {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let layouts = (2..=4).map(|operands| (operands, layout(device, operands))).collect();
        Self { compiled: HashMap::new(), layouts }
    }

    pub(super) fn get(&mut self, device: &wgpu::Device, planned: &Planned) -> Result<Pipeline> {
        let types = planned.operands.iter().map(|operand| operand.dtype).collect();
        let key = (planned.kernel.name, types, planned.flat);
        if let Some(pipeline) = self.compiled.get(&key) {
            return Ok(pipeline.clone());
        }
        let layout = self.layouts.get(&planned.operands.len());
        let layout = layout.ok_or_else(|| Error::new("a program has one to three inputs"))?;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(planned.kernel.name),
            source: wgpu::ShaderSource::Wgsl(render(planned)?.into()),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(layout)],
            immediate_size: 0,
        });
        let compute = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(planned.kernel.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        let pipeline = Pipeline { compute, layout: layout.clone() };
        self.compiled.insert(key, pipeline.clone());
        Ok(pipeline)
    }
}

fn layout(device: &wgpu::Device, operands: usize) -> wgpu::BindGroupLayout {
    let entry = |binding: usize, ty, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    };
    let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, true)];
    for number in 0..operands {
        let ty = wgpu::BufferBindingType::Storage { read_only: number > 0 };
        entries.push(entry(number + 1, ty, false));
    }
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &entries,
    })
}
