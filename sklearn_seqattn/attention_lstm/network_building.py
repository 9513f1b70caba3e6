"""How the classifier and the regressor build a network, or go on with a fitted one."""

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.network_config import (
    check_same_network,
    embedding_of_tokens,
    network_config,
)
from sklearn_seqattn.attention_lstm.parameters import find_partner
from sklearn_seqattn.attention_lstm.stem import MOST_STEPS, warn_large_stride
from sklearn_seqattn.kernels.caching import fit_once, outputs_once
from sklearn_seqattn.kernels.partner import RandomKernels
from sklearn_seqattn.nn.config import KernelConfig
from sklearn_seqattn.nn.kernel_partner import KernelPartner
from sklearn_seqattn.nn.networks import build_sequence_network, rebuild
from sklearn_seqattn.nn.own_network import (
    OwnSequenceNetwork,
    build_own,
    check_own,
    copy_own,
)
from sklearn_seqattn.nn.own_precision import check_double, own_parts
from sklearn_seqattn.training.own_modules import (
    check_same_own,
    module_fields,
    own_module,
    shortest_and_longest,
)


class NetworkBuildingMixin:
    """Build the library's network or that of the user, with the partner inside it.

    An estimator supplies its encoders of inputs and targets, and `_fit_partner`.
    """

    _most_steps_beside_kernels = MOST_STEPS  # that reach the encoder

    def _make_network(self, data, sets, plan, seed, *, fresh):
        """Build the network with its partner, or return the fitted one."""
        if fresh:
            network = self._build_network(data)
            self._check_own_parts(network, sets.train, plan)
        else:
            network = self._rebuilt_network(data)
        if network.kernel_partner is not None:
            self._fit_partner(network, sets, plan, seed, fresh=fresh)
        return network

    def _check_own_parts(self, network, train_set, plan):
        """Refuse a network whose parts of the user do not do what it needs."""
        is_own = isinstance(network, OwnSequenceNetwork)
        in_double = self._predicts_in_double(plan) and own_parts(network)
        if not (is_own or in_double):
            return
        inputs, _ = shortest_and_longest(train_set)
        if is_own:
            check_own(network, **inputs, n_outputs=self.target_encoder_.n_outputs)
        if in_double:
            check_double(network, **inputs)

    def _rebuilt_network(self, data):
        """Return a copy of the fitted network that goes on learning."""
        time_warp = self._time_warp(data.sequences.kind)
        check_same_own(self.net_params, self.network_)
        if isinstance(self.network_, OwnSequenceNetwork):
            return copy_own(self.network_, time_warp)
        params = self.get_params(deep=False)
        check_same_network(params, data.front_end, self.network_.config)
        tbptt_steps = module_fields(self.net_params).get("tbptt_steps")
        return rebuild(self.network_, time_warp=time_warp, tbptt_steps=tbptt_steps)

    def _build_network(self, data, *, has_partner=True):
        """Build the network for some training data."""
        partner = find_partner(self.blend, data.sequences.kind)
        kernels, lengths = self._kernel_config(partner, data), data.lengths
        if own_module(self.net_params)[0] is not None:
            return self._build_own_network(data, kernels if has_partner else None)
        if data.front_end is None and partner is None:
            warn_large_stride(lengths.mean())
        most_steps = self._most_steps_beside_kernels if kernels else MOST_STEPS
        config, vectors = self._network_config(
            data,
            n_steps=float(lengths.mean()),
            most_steps=most_steps,
            kernels=kernels if has_partner else None,
            n_static=self.input_encoder_.static_size,
            time_warp=self._time_warp(data.sequences.kind),
        )
        return build_sequence_network(config, vectors=vectors)

    def _network_config(self, data, **others):
        """Return the configuration of a network, and the initial vectors of tokens."""
        encoder, embedding, vectors = self.input_encoder_, None, None
        if encoder.n_ids_ is not None:
            embedding, vectors = embedding_of_tokens(self._tokens(), encoder.n_ids_)
        config = network_config(
            self._config,
            self.get_params(deep=False),
            data.front_end,
            input_size=encoder.output_size_,
            n_outputs=self.target_encoder_.n_outputs,
            embedding=embedding,
            **others,
        )
        return config, vectors

    def _build_own_network(self, data, kernels):
        """Build the network of the user, with the partner of numbers beside it."""
        encoder, n_outputs = self.input_encoder_, self.target_encoder_.n_outputs
        built_from = own_module(self.net_params)
        n_inputs = encoder.output_size_ if encoder.n_ids_ is None else encoder.n_ids_
        partner = None
        if kernels is not None:
            sizes = encoder.output_size_, n_outputs, kernels
            partner = KernelPartner(*sizes, encoder.static_size)
        return OwnSequenceNetwork(
            build_own(*built_from, (n_inputs, n_outputs)),
            built_from,
            n_outputs,
            kernel_partner=partner,
            time_warp=self._time_warp(data.sequences.kind),
        )

    def _kernel_config(self, partner, data):
        """Return the sizes of the partner if it is inside the network, or None."""
        if not isinstance(partner, RandomKernels):
            return None
        n_features, longest = partner.n_features, int(data.lengths.max())
        if n_features == "auto":
            n_features = auto.kernel_features(len(data) * data.n_rounds)
        return KernelConfig(
            max_length=longest,
            n_features=int(n_features),
            last_steps=self._last_steps(data.lengths),
        )

    def _fit_head(self, partner, train_set, head, seed, advance):
        """Fit the partner inside a network; return predictions for rows left out."""
        return fit_once(
            getattr(self.blend, "memory", None),
            partner,
            train_set,
            head,
            seed,
            n_numbers=self.input_encoder_.n_numbers,
            advance=advance,
        )

    def _kept_outputs(self, dataset, precision):
        """Return what the partner predicts if a memory keeps it, or None."""
        memory = getattr(self.blend, "memory", None)
        return outputs_once(memory, self.net_, dataset, precision=precision)

    def _predicts_in_double(self, plan):
        """Return whether the fitted network is one of double precision."""
        return False

    def _last_steps(self, lengths):
        """Return how many of the last steps the partner reads as they are."""
        return 0

    def _time_warp(self, kind):
        """Return the largest change of tempo in training; 0 changes nothing."""
        return 0.0
