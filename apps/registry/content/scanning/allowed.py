"""What a pickle may import, by flavor. Everything else is a finding.

A name is on these lists if neither calling it with any arguments, nor setting any state on what it makes, can run
code, read or write files, or reach a name that is not on them. What looks harmless and is not:

- `builtins.getattr`, `operator.attrgetter`, `functools.partial`, `builtins.type`: they lead anywhere (which costs us
  times in zones of `zoneinfo`, whose pickles call `getattr`);
- `numpy.memmap`, `numpy.load`, `numpy.fromfile`: they open files; `numpy.core._ufunc_reconstruct` imports by name;
- `scipy.stats` distributions: their state holds source code that is compiled when it is set;
- `torch.storage._load_from_bytes`: unpickles its argument; `torch.fx` modules: compiled from source when loaded;
- `patsy` and `formulaic`: a formula is Python.

Exact modules where they are stable, and for functions. Libraries that move their private modules about between
versions are named by prefix: there the class names decide, and no module has a thing of another library's under such a
name (`chi2` is a test in one module of scikit-learn's, and a distribution of scipy's in another). Old names stay.
"""

from collections.abc import Iterable

NUMPY_SCALARS = """
bool bool_ int8 int16 int32 int64 intc intp int_ longlong uint8 uint16 uint32 uint64 uintc uintp uint ulonglong
float16 float32 float64 float_ longdouble complex64 complex128 clongdouble str_ bytes_ void object_ datetime64
timedelta64 generic number integer floating
"""
# Functions that people put into a FunctionTransformer.
NUMPY_FUNCTIONS = """
abs absolute arctan cbrt ceil clip cos exp exp2 expm1 floor log log10 log1p log2 max maximum mean median min minimum
nan_to_num negative power reciprocal round sign sin sqrt square sum tanh
"""
RECONSTRUCTING = "_reconstruct scalar"
BIT_GENERATORS = "MT19937 PCG64 PCG64DXSM Philox SFC64"
SAFE_BUILTINS = """
bool bytearray bytes complex dict float frozenset int list object range set slice str tuple Ellipsis NotImplemented
"""

# Plain data of Python, numpy, scipy and pandas: in every flavor.
BASE = {
    "builtins": SAFE_BUILTINS,
    "__builtin__": f"{SAFE_BUILTINS} long unicode xrange",
    "copyreg": "_reconstructor",
    "copy_reg": "_reconstructor",
    "_codecs": "encode",
    "collections": "Counter OrderedDict defaultdict deque",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "types": "SimpleNamespace",
    "uuid": "UUID",
    "pytz": "_UTC _p",
    "numpy": f"dtype ndarray matrix {NUMPY_SCALARS} {NUMPY_FUNCTIONS}",
    "numpy.dtypes": "StringDType",
    "numpy.core.multiarray": RECONSTRUCTING,
    "numpy._core.multiarray": RECONSTRUCTING,
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "MaskedArray _mareconstruct",
    "numpy.random": f"Generator RandomState {BIT_GENERATORS}",
    "numpy.random.mtrand": "RandomState",
    "numpy.random._generator": "Generator",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "joblib.numpy_pickle": "NumpyArrayWrapper",
    "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper",
    "scipy.sparse.*": """
        bsr_array bsr_matrix coo_array coo_matrix csc_array csc_matrix csr_array csr_matrix dia_array dia_matrix
        dok_array dok_matrix lil_array lil_matrix
    """,
    "scipy.interpolate.*": "BSpline PPoly interp1d",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "scipy.spatial.*": "cKDTree KDTree",
    "scipy.special._ufuncs": "expit logit",
    "scipy.optimize.*": "LbfgsInvHessProduct OptimizeResult",
    "pandas.*": """
        ArrowStringArray BlockManager BooleanArray BooleanDtype Categorical CategoricalDtype CategoricalIndex DataFrame
        DatetimeArray DatetimeIndex DatetimeTZDtype FloatingArray Float32Dtype Float64Dtype Float64Index FrozenList
        Index Int16Dtype Int32Dtype Int64Dtype Int64Index Int8Dtype IntegerArray IntIndex Interval IntervalArray
        IntervalDtype IntervalIndex MultiIndex NA NumpyExtensionArray PandasArray PeriodArray
        PeriodDtype PeriodIndex RangeIndex Series SingleBlockManager SparseArray SparseDtype StringArray StringDtype
        TimedeltaArray TimedeltaIndex UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype __pyx_unpickle_IntervalMixin
        __pyx_unpickle_NDArrayBacked _nat_unpickle _new_DatetimeIndex _new_Index _new_PeriodIndex
        _unpickle_block _unpickle_timestamp
    """,
    "pandas._libs.tslibs.offsets": """
        BusinessDay Day Hour Micro Milli Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd Second Week YearBegin
        YearEnd
    """,
    "pyarrow.lib": "_restore_array py_buffer type_for_alias",
}

# Estimators, what fitted ones hold, and the functions that scorers and selectors name. Not PyFuncDistance, which calls
# what it is given.
SKLEARN = {
    "sklearn.*": """
        ARDRegression AdaBoostClassifier AdaBoostRegressor AdditiveChi2Sampler AffinityPropagation
        AgglomerativeClustering BaggingClassifier BaggingRegressor BayesianGaussianMixture BayesianRidge BernoulliNB
        BernoulliRBM Binarizer Birch BisectingKMeans CCA CalibratedClassifierCV CategoricalNB ClassicalMDS
        ClassifierChain ColumnTransformer ComplementNB CountVectorizer DBSCAN DecisionTreeClassifier
        DecisionTreeRegressor DictVectorizer DictionaryLearning DummyClassifier DummyRegressor ElasticNet ElasticNetCV
        EllipticEnvelope EmpiricalCovariance ExtraTreeClassifier ExtraTreeRegressor ExtraTreesClassifier
        ExtraTreesRegressor FactorAnalysis FastICA FeatureAgglomeration FeatureHasher FeatureUnion
        FixedThresholdClassifier FrozenEstimator FunctionTransformer GammaRegressor GaussianMixture GaussianNB
        GaussianProcessClassifier GaussianProcessRegressor GaussianRandomProjection GenericUnivariateSelect
        GradientBoostingClassifier GradientBoostingRegressor GraphicalLasso GraphicalLassoCV GridSearchCV HDBSCAN
        HalvingGridSearchCV HalvingRandomSearchCV HashingVectorizer HistGradientBoostingClassifier
        HistGradientBoostingRegressor HuberRegressor IncrementalPCA IsolationForest Isomap IsotonicRegression
        IterativeImputer KBinsDiscretizer KMeans KNNImputer KNeighborsClassifier KNeighborsRegressor
        KNeighborsTransformer KernelCenterer KernelDensity KernelPCA KernelRidge LabelBinarizer LabelEncoder
        LabelPropagation LabelSpreading Lars LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC
        LatentDirichletAllocation LedoitWolf LinearDiscriminantAnalysis LinearRegression LinearSVC LinearSVR
        LocalOutlierFactor LocallyLinearEmbedding LogisticRegression LogisticRegressionCV MDS MLPClassifier MLPRegressor
        MaxAbsScaler MeanShift MinCovDet MinMaxScaler MiniBatchDictionaryLearning MiniBatchKMeans MiniBatchNMF
        MiniBatchSparsePCA MissingIndicator MultiLabelBinarizer MultiOutputClassifier MultiOutputRegressor
        MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV MultinomialNB NMF NearestCentroid
        NearestNeighbors NeighborhoodComponentsAnalysis Normalizer NuSVC NuSVR Nystroem OAS OPTICS OneClassSVM
        OneHotEncoder OneVsOneClassifier OneVsRestClassifier OrdinalEncoder OrthogonalMatchingPursuit
        OrthogonalMatchingPursuitCV OutputCodeClassifier PCA PLSCanonical PLSRegression PLSSVD
        PassiveAggressiveClassifier PassiveAggressiveRegressor PatchExtractor Perceptron Pipeline PoissonRegressor
        PolynomialCountSketch PolynomialFeatures PowerTransformer QuadraticDiscriminantAnalysis QuantileRegressor
        QuantileTransformer RANSACRegressor RBFSampler RFE RFECV RadiusNeighborsClassifier RadiusNeighborsRegressor
        RadiusNeighborsTransformer RandomForestClassifier RandomForestRegressor RandomTreesEmbedding RandomizedSearchCV
        RegressorChain Ridge RidgeCV RidgeClassifier RidgeClassifierCV RobustScaler SGDClassifier SGDOneClassSVM
        SGDRegressor SVC SVR SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest SelectPercentile
        SelfTrainingClassifier SequentialFeatureSelector ShrunkCovariance SimpleImputer SkewedChi2Sampler SparseCoder
        SparsePCA SparseRandomProjection SpectralBiclustering SpectralClustering SpectralCoclustering SpectralEmbedding
        SplineTransformer StackingClassifier StackingRegressor StandardScaler TSNE TargetEncoder TfidfTransformer
        TfidfVectorizer TheilSenRegressor TransformedTargetRegressor TruncatedSVD TunedThresholdClassifierCV
        TweedieRegressor VarianceThreshold VotingClassifier VotingRegressor

        Bunch MetadataRequest MethodMetadataRequest Interval Tree TreePredictor _BinMapper _BinaryGaussianProcess
        _BinaryGaussianProcessClassifierLaplace _BisectingTree _CFNode _CFSubcluster _CalibratedClassifier
        _ConstantPredictor _ImputerTriplet _RidgeGCV _RemainderColsList _SigmoidCalibration _TemperatureScaling
        make_column_selector

        AbsoluteError AdamOptimizer BinomialDeviance CategoricalCrossEntropy BinaryCrossEntropy EpsilonInsensitive
        ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfLogitLink HalfMultinomialLoss HalfPoissonLoss
        HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity Hinge Huber HuberLoss HuberLossFunction IdentityLink
        LeastAbsoluteDeviation LeastAbsoluteError LeastSquares LeastSquaresError LogLink LogitLink ModifiedHuber
        MultinomialDeviance MultinomialLogit PinballLoss QuantileLossFunction SGDOptimizer SquaredEpsilonInsensitive
        SquaredHinge SquaredLoss CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss
        CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity
        CyHuberLoss CyPinballLoss

        BallTree BallTree32 BallTree64 KDTree KDTree32 KDTree64 _QuadTree newObj BrayCurtisDistance64
        CanberraDistance64 ChebyshevDistance ChebyshevDistance64 CosineDistance64 DiceDistance64 EuclideanDistance
        EuclideanDistance32 EuclideanDistance64 HammingDistance64 HaversineDistance64 JaccardDistance64
        MahalanobisDistance64 ManhattanDistance ManhattanDistance64 MinkowskiDistance MinkowskiDistance64
        SEuclideanDistance64

        CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Hyperparameter Matern PairwiseKernel
        Product RBF RationalQuadratic Sum WhiteKernel

        GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut PredefinedSplit
        RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit
        TimeSeriesSplit _CVIterableWrapper

        _CurveScorer _MultimetricScorer _PassthroughScorer _PredictScorer _ProbaScorer _Scorer _ThresholdScorer
    """,
    "sklearn._loss._loss": "__pyx_unpickle_CyHalfMultinomialLoss",
    "sklearn.cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
    "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
    "sklearn.feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression r_regression",
    "sklearn.metrics._classification": """
        accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score f1_score fbeta_score jaccard_score
        log_loss matthews_corrcoef precision_score recall_score
    """,
    "sklearn.metrics._ranking": "average_precision_score roc_auc_score top_k_accuracy_score",
    "sklearn.metrics._regression": """
        d2_absolute_error_score explained_variance_score max_error mean_absolute_error mean_absolute_percentage_error
        mean_gamma_deviance mean_pinball_loss mean_poisson_deviance mean_squared_error mean_squared_log_error
        median_absolute_error r2_score root_mean_squared_error root_mean_squared_log_error
    """,
}

# The wrappers for scikit-learn, and the boosters in them, which restore themselves from a text or buffer.
XGBOOST = {
    "xgboost.core": "Booster",
    "xgboost.sklearn": """
        XGBClassifier XGBModel XGBRanker XGBRFClassifier XGBRFRegressor XGBRegressor
    """,
}
LIGHTGBM = {
    "lightgbm.basic": "Booster",
    "lightgbm.sklearn": "LGBMClassifier LGBMModel LGBMRanker LGBMRegressor",
}
CATBOOST = {"catboost.core": "CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor"}

# Results with their model and data. `ModelData` evaluates a formula if its state has one: see `instances.py`.
STATSMODELS = {
    "statsmodels.base.data": "ModelData PandasData",
    "statsmodels.*": """
        AndrewWave ARIMA ARIMAResults ARIMAResultsWrapper AutoReg AutoRegResults AutoRegResultsWrapper BinaryResults
        BinaryResultsWrapper Binomial Bunch CDFLink CLogLog CountResults CountResultsWrapper DeterministicProcess
        DiscreteResults ExponentialSmoothing Gamma Gaussian GLM GLMResults GLMResultsWrapper GLS GLSAR Hampel
        HoltWintersResults HoltWintersResultsWrapper HuberT Identity Initialization InverseGaussian InversePower
        LeastSquares LikelihoodModelResults Log Logit LogitResults MNLogit MultinomialResults MultinomialResultsWrapper
        NegativeBinomial NegativeBinomialResults NegativeBinomialResultsWrapper OLS OLSResults Poisson PoissonResults
        PoissonResultsWrapper Power Probit ProbitResults QuantReg QuantRegResults QuantRegResultsWrapper RamsayE
        RegressionResults RegressionResultsWrapper ResultsWrapper RLM RLMResults RLMResultsWrapper SARIMAX SARIMAXParams
        SARIMAXResults SARIMAXResultsWrapper SARIMAXSpecification SimpleExpSmoothing SimulationSmoother
        SimulationSmoothResults SmootherResults TimeSeriesModel TimeTrend TrimmedMean TukeyBiweight Tweedie VAR
        VarianceFunction VARProcess VARResults VARResultsWrapper WLS
        cInitialization cKalmanFilter cKalmanSmoother cSimulationSmoother cStatespace
        dInitialization dKalmanFilter dKalmanSmoother dSimulationSmoother dStatespace
        sInitialization sKalmanFilter sKalmanSmoother sSimulationSmoother sStatespace
        zInitialization zKalmanFilter zKalmanSmoother zSimulationSmoother zStatespace
    """,
}

# Tensors, parameters, and the layers of torch.nn. Classes of one's own are code, which nobody here can vouch for.
TORCH_TYPES = "BFloat16 Bool Byte Char ComplexDouble ComplexFloat Double Float Half Int Long Short"
PYTORCH = {
    "torch": f"""
        Size device bfloat16 bool complex128 complex64 float16 float32 float64 int16 int32 int64 int8 strided uint8
        {" ".join(f"{kind}Storage" for kind in TORCH_TYPES.split())}
    """,
    "torch.storage": "TypedStorage UntypedStorage",
    "torch._utils": """
        _rebuild_parameter _rebuild_parameter_with_state _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2
    """,
    "torch.nn.parameter": "Buffer Parameter",
    "torch.nn.functional": "elu gelu leaky_relu relu selu sigmoid silu softmax tanh",
    "torch.nn.modules.*": """
        AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AlphaDropout AvgPool1d
        AvgPool2d AvgPool3d BCELoss BCEWithLogitsLoss BatchNorm1d BatchNorm2d BatchNorm3d Bilinear Conv1d Conv2d Conv3d
        ConvTranspose1d ConvTranspose2d ConvTranspose3d CrossEntropyLoss Dropout Dropout1d Dropout2d Dropout3d ELU
        Embedding EmbeddingBag Flatten GELU GLU GRU GRUCell GroupNorm Hardsigmoid Hardswish Hardtanh HuberLoss Identity
        InstanceNorm1d InstanceNorm2d InstanceNorm3d L1Loss LSTM LSTMCell LayerNorm LeakyReLU Linear LogSigmoid
        LogSoftmax MSELoss MaxPool1d MaxPool2d MaxPool3d Mish Module ModuleDict ModuleList MultiheadAttention NLLLoss
        NonDynamicallyQuantizableLinear PReLU ParameterDict ParameterList PixelShuffle RMSNorm RNN RNNCell ReLU ReLU6
        SELU Sequential SiLU Sigmoid SmoothL1Loss Softmax Softplus Softsign Tanh Transformer TransformerDecoder
        TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer Unflatten Upsample ZeroPad2d
    """,
}

# Steps of a scikit-learn pipeline are often estimators of the boosting libraries, whose models hold its label encoder.
FLAVORS: dict[str, tuple[dict[str, str], ...]] = {
    "sklearn": (SKLEARN, XGBOOST, LIGHTGBM, CATBOOST),
    "xgboost": (XGBOOST, SKLEARN),
    "lightgbm": (LIGHTGBM, SKLEARN),
    "catboost": (CATBOOST,),
    "statsmodels": (STATSMODELS,),
    "pytorch": (PYTORCH,),
}


class Allowed:
    """What models of these flavors may import."""

    def __init__(self, flavors: Iterable[str]) -> None:
        self._exact: set[tuple[str, str]] = set()
        self._below: list[tuple[str, frozenset[str]]] = []
        for listed in (BASE, *(listed for flavor in flavors for listed in FLAVORS.get(flavor, ()))):
            for module, names in listed.items():
                if module.endswith(".*"):
                    self._below.append((module[:-1], frozenset(names.split())))
                else:
                    self._exact.update((module, name) for name in names.split())

    def __contains__(self, imported: tuple[str, str]) -> bool:
        module, name = imported
        return imported in self._exact or any(
            name in names and f"{module}.".startswith(prefix) for prefix, names in self._below
        )
