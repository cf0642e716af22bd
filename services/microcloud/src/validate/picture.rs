//! Plots as SVG: the truth as broad lines, the model as thin ones on top of them.

use plotters::prelude::{
    BLACK, ChartBuilder, Color as _, DrawingAreaErrorKind, IntoDrawingArea as _, LineSeries, Palette as _,
    Palette99, PathElement, SVGBackend, SeriesLabelPosition, WHITE,
};
use sim::validate::Plot;

const SIZE: (u32, u32) = (900, 540);

/// Size of the title and of everything else, pixels.
const TITLE: i32 = 20;
const TEXT: i32 = 14;

type DrawError = DrawingAreaErrorKind<<SVGBackend<'static> as plotters::prelude::DrawingBackend>::ErrorType>;

pub(crate) fn svg(plot: &Plot) -> Result<String, DrawError> {
    let mut text = String::new();
    let points = || plot.curves.iter().flat_map(|curve| curve.points.iter());
    let right = points().map(|(x, _)| *x).fold(0.0, f64::max);
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max) * 1.05;
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(&plot.title, ("sans-serif", TITLE))
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
            let style =
                if curve.truth { color.mix(0.5).stroke_width(5) } else { BLACK.mix(0.8).stroke_width(1) };
            let line = LineSeries::new(curve.points.iter().copied(), style);
            chart
                .draw_series(line)?
                .label(curve.name.as_str())
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .label_font(("sans-serif", TEXT))
            .draw()?;
        area.present()?;
    }
    Ok(text)
}
