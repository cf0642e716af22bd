//! Plots as SVG.

use plotters::prelude::{
    BLACK, ChartBuilder, Color as _, DrawingAreaErrorKind, IntoDrawingArea as _, LineSeries, Palette as _,
    Palette99, PathElement, SVGBackend, SeriesLabelPosition, WHITE,
};

const SIZE: (u32, u32) = (900, 540);

/// Size of the title and of everything else, pixels.
const TITLE: i32 = 20;
const TEXT: i32 = 14;

type DrawError = DrawingAreaErrorKind<<SVGBackend<'static> as plotters::prelude::DrawingBackend>::ErrorType>;

/// Some curves in one picture; both axes begin at 0.
pub(crate) struct Plot<'a> {
    /// What is shown.
    pub(crate) title: &'a str,
    /// What the horizontal axis is, with its unit.
    pub(crate) x: &'a str,
    /// What the vertical axis is, with its unit.
    pub(crate) y: &'a str,
    /// Where the curves leave room for their names.
    pub(crate) legend: SeriesLabelPosition,
    /// The curves.
    pub(crate) curves: Vec<Curve<'a>>,
}

/// A curve of a plot.
pub(crate) struct Curve<'a> {
    /// What it stands for.
    pub(crate) name: &'a str,
    /// How it is drawn.
    pub(crate) stroke: Stroke,
    /// Its points.
    pub(crate) points: &'a [(f64, f64)],
}

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stroke {
    /// Broad and pale, in a colour of its own: what others are compared with, or what sums them up.
    Broad,
    /// In a colour of its own.
    Plain,
    /// Thin and black: what is compared.
    Thin,
}

pub(crate) fn svg(plot: &Plot<'_>) -> Result<String, DrawError> {
    let mut text = String::new();
    let points = || plot.curves.iter().flat_map(|curve| curve.points.iter());
    let right = points().map(|(x, _)| *x).fold(0.0, f64::max);
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max) * 1.05;
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(plot.title, ("sans-serif", TITLE))
            .margin(16)
            .x_label_area_size(40)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..right, 0.0..top)?;
        chart
            .configure_mesh()
            .x_desc(plot.x)
            .y_desc(plot.y)
            .label_style(("sans-serif", TEXT))
            .light_line_style(WHITE.mix(0.0))
            .draw()?;
        for (index, curve) in plot.curves.iter().enumerate() {
            let color = Palette99::pick(index).to_rgba();
            let style = match curve.stroke {
                Stroke::Broad => color.mix(0.5).stroke_width(5),
                Stroke::Plain => color.stroke_width(2),
                Stroke::Thin => BLACK.mix(0.8).stroke_width(1),
            };
            let line = LineSeries::new(curve.points.iter().copied(), style);
            chart
                .draw_series(line)?
                .label(curve.name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], style));
        }
        chart
            .configure_series_labels()
            .position(plot.legend.clone())
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", TEXT))
            .draw()?;
        area.present()?;
    }
    Ok(text)
}
