//! The functions of metric math, and what each takes.

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Of each data point, or of each and the one before: `TS` to `TS`, `TS[]` to `TS[]`.
    Each(Each),
    /// Of a series a number, of an array a series.
    Reduce(Reduce),
    /// What a moment is.
    Moment(Moment),
    AnomalyDetectionBand,
    Fill,
    First,
    If,
    Last,
    MetricCount,
    Metrics,
    Period,
    RemoveEmpty,
    Search,
    Slice,
    Sort,
    TimeSeries,
    /// AWS has it, we do not.
    NotBuilt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Each {
    Abs,
    Ceil,
    Diff,
    DiffTime,
    Floor,
    Log,
    Log10,
    Rate,
    RunningSum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    Average,
    DatapointCount,
    Maximum,
    Minimum,
    StandardDeviation,
    Sum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Minute,
    Hour,
    Day,
    Date,
    Month,
    Year,
    Epoch,
}

const EACH: &str = "a time series or an array of time series";

/// Names, functions, and the arguments they take.
const FUNCTIONS: [(&str, Function, &str); 39] = [
    ("ABS", Function::Each(Each::Abs), EACH),
    ("ANOMALY_DETECTION_BAND", Function::AnomalyDetectionBand, "a time series, and a number or nothing"),
    ("AVG", Function::Reduce(Reduce::Average), EACH),
    ("CEIL", Function::Each(Each::Ceil), EACH),
    ("DATAPOINT_COUNT", Function::Reduce(Reduce::DatapointCount), EACH),
    ("DATE", Function::Moment(Moment::Date), "a time series"),
    ("DAY", Function::Moment(Moment::Day), "a time series"),
    ("DB_PERF_INSIGHTS", Function::NotBuilt, ""),
    ("DIFF", Function::Each(Each::Diff), EACH),
    ("DIFF_TIME", Function::Each(Each::DiffTime), EACH),
    ("EPOCH", Function::Moment(Moment::Epoch), "a time series"),
    ("FILL", Function::Fill, "a time series or an array of them, and a number, a time series, REPEAT or LINEAR"),
    ("FIRST", Function::First, "an array of time series"),
    ("FLOOR", Function::Each(Each::Floor), EACH),
    ("HOUR", Function::Moment(Moment::Hour), "a time series"),
    ("IF", Function::If, "a condition, a value, and another value or nothing, of which one is a time series"),
    ("INSIGHT_RULE_METRIC", Function::NotBuilt, ""),
    ("LAMBDA", Function::NotBuilt, ""),
    ("LAST", Function::Last, "an array of time series"),
    ("LOG", Function::Each(Each::Log), EACH),
    ("LOG10", Function::Each(Each::Log10), EACH),
    ("MAX", Function::Reduce(Reduce::Maximum), EACH),
    ("METRICS", Function::Metrics, "a text or nothing"),
    ("METRIC_COUNT", Function::MetricCount, "an array of time series"),
    ("MIN", Function::Reduce(Reduce::Minimum), EACH),
    ("MINUTE", Function::Moment(Moment::Minute), "a time series"),
    ("MONTH", Function::Moment(Moment::Month), "a time series"),
    ("PERIOD", Function::Period, "the id of a metric"),
    ("RATE", Function::Each(Each::Rate), EACH),
    ("REMOVE_EMPTY", Function::RemoveEmpty, "an array of time series"),
    ("RUNNING_SUM", Function::Each(Each::RunningSum), EACH),
    ("SEARCH", Function::Search, "a search, a statistic, and a period or nothing"),
    ("SERVICE_QUOTA", Function::NotBuilt, ""),
    ("SLICE", Function::Slice, "an array of time series and one or two numbers"),
    ("SORT", Function::Sort, "an array of time series, AVG, MAX, MIN or SUM, ASC or DESC, and a number or nothing"),
    ("STDDEV", Function::Reduce(Reduce::StandardDeviation), EACH),
    ("SUM", Function::Reduce(Reduce::Sum), EACH),
    ("TIME_SERIES", Function::TimeSeries, "a number"),
    ("YEAR", Function::Moment(Moment::Year), "a time series"),
];

impl Function {
    /// The function of that name, its name, and the arguments it takes.
    pub fn named(name: &str) -> Option<(&'static str, Function, &'static str)> {
        FUNCTIONS.into_iter().find(|(known, _, _)| *known == name)
    }
}
