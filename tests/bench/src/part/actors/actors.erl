%% The same tasks on real OTP. A line on stdin asks: a task and its numbers; a line of nanoseconds answers.
-module(actors).
-export([main/0, init/1, handle_call/3, handle_cast/2, handle_info/2]).

%% A supervisor looks at all restarts of its last second whenever another one comes: a new one after so many.
-define(RESTARTS_OF_ONE_SUPERVISOR, 50).

main() ->
    ok = logger:set_primary_config(level, none),
    {ok, _} = pg:start(bench),
    spawn(fun serve/0).

serve() ->
    case io:get_line("") of
        eof ->
            halt(0);
        Line ->
            [Task | Numbers] = string:lexemes(Line, " \n"),
            Times = on_own_heap(list_to_atom(Task), [list_to_integer(Number) || Number <- Numbers]),
            io:put_chars([lists:join(" ", [integer_to_list(Time) || Time <- Times]), "\n"]),
            serve()
    end.

%% The process lives on, so that what it holds stays.
on_own_heap(Task, Numbers) ->
    Asker = self(),
    spawn_link(fun() ->
        process_flag(trap_exit, true),
        Asker ! {times, task(Task, Numbers)},
        receive never -> ok end
    end),
    receive {times, Times} -> Times end.

task(casts, [Windows, Messages]) ->
    {ok, Counter} = gen_server:start_link(?MODULE, counter, []),
    [timed(fun() ->
        cast(Counter, Messages),
        gen_server:call(Counter, how_many, infinity)
    end) || _ <- lists:seq(1, Windows)];
task(calls, [Count]) ->
    {ok, Counter} = gen_server:start_link(?MODULE, counter, []),
    [timed(fun() -> gen_server:call(Counter, how_many, infinity) end) || _ <- lists:seq(1, Count)];
task(broadcasts, [Windows, Members, Facts]) ->
    Done = atomics:new(1, []),
    Hearer = {hearer, 0, Facts, Members, Done, self()},
    Crowd = [element(2, gen_server:start_link(?MODULE, Hearer, [])) || _ <- lists:seq(1, Members)],
    Group = make_ref(),
    ok = pg:join(bench, Group, Crowd),
    Fact = binary:copy(<<"x">>, 300),
    Times = [timed(fun() -> broadcast(Group, Fact, Facts), all_heard() end) || _ <- lists:seq(1, Windows)],
    ok = pg:leave(bench, Group, Crowd),
    [gen_server:stop(Member) || Member <- Crowd],
    Times;
task(restarts, [Children, Count]) ->
    lists:append([
        restarts_of_one_supervisor(Children, min(?RESTARTS_OF_ONE_SUPERVISOR, Count - Done))
     || Done <- lists:seq(0, Count - 1, ?RESTARTS_OF_ONE_SUPERVISOR)
    ]);
task(pool, [Children, Window]) ->
    Pool = pool(),
    Starts = [timed(fun() -> start(Pool, Window) end) || _ <- lists:seq(1, Children div Window)],
    Starts ++ [timed(fun() -> stop(Pool) end)];
task(hold, [Children]) ->
    start(pool(), Children),
    [].

timed(Work) ->
    From = now_ns(),
    Work(),
    now_ns() - From.

now_ns() ->
    erlang:monotonic_time(nanosecond).

cast(_, 0) -> ok;
cast(Counter, Left) ->
    gen_server:cast(Counter, tick),
    cast(Counter, Left - 1).

broadcast(_, _, 0) -> ok;
broadcast(Group, Fact, Left) ->
    [gen_server:cast(Member, {heard, Fact}) || Member <- pg:get_members(bench, Group)],
    broadcast(Group, Fact, Left - 1).

all_heard() ->
    receive all_heard -> ok end.

restarts_of_one_supervisor(Children, Count) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {fragile, Children, self()}),
    {First, _} = births(Children),
    Times = restarts(First, Children, Count),
    stop(Supervisor),
    Times.

restarts(_, _, 0) -> [];
restarts(First, Children, Left) ->
    gen_server:cast(First, hit),
    Crashed = receive {crashed, At} -> At end,
    {Next, Born} = births(Children),
    [Born - Crashed | restarts(Next, Children, Left - 1)].

%% The first that was born, and when the last one was.
births(Children) ->
    {First, At} = birth(),
    {First, lists:foldl(fun(_, _) -> element(2, birth()) end, At, lists:seq(2, Children))}.

birth() ->
    receive {born, Child, At} -> {Child, At} end.

pool() ->
    {ok, Pool} = supervisor:start_link(?MODULE, pool),
    Pool.

start(_, 0) -> ok;
start(Pool, Left) ->
    {ok, _} = supervisor:start_child(Pool, []),
    start(Pool, Left - 1).

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, shutdown} -> ok end.

%% Servers and supervisors by what they are begun with.

init(counter) ->
    {ok, 0};
init(Hearer) when element(1, Hearer) =:= hearer ->
    {ok, Hearer};
init({glass, Driver}) ->
    Driver ! {born, self(), now_ns()},
    {ok, Driver};
init(pool) ->
    Child = #{id => child, start => {gen_server, start_link, [?MODULE, counter, []]}, restart => temporary},
    {ok, {#{strategy => simple_one_for_one}, [Child]}};
init({fragile, Children, Driver}) ->
    Start = {gen_server, start_link, [?MODULE, {glass, Driver}, []]},
    Flags = #{strategy => one_for_all, intensity => 1000000, period => 1},
    {ok, {Flags, [#{id => Id, start => Start} || Id <- lists:seq(1, Children)]}}.

handle_call(how_many, _From, Count) ->
    {reply, Count, Count}.

handle_cast(tick, Count) ->
    {noreply, Count + 1};
handle_cast({heard, _Fact}, {hearer, Count, Facts, Members, Done, Driver}) ->
    Heard = Count + 1,
    Heard rem Facts =:= 0 andalso heard_all(Members, Done, Driver),
    {noreply, {hearer, Heard, Facts, Members, Done, Driver}};
handle_cast(hit, Driver) ->
    Driver ! {crashed, now_ns()},
    exit(hit).

heard_all(Members, Done, Driver) ->
    case atomics:add_get(Done, 1, 1) of
        Members ->
            atomics:put(Done, 1, 0),
            Driver ! all_heard;
        _ ->
            ok
    end.

handle_info(_, State) ->
    {noreply, State}.
